// Repeats: places followed at once because the bases there agreed with the latest ones.
#pragma once

#include <algorithm>

#include "history.hpp"
#include "level.hpp"
#include "tables.hpp"

namespace seqcoder {

/// Inputs the repeats give: the best vote, the other votes, votes for a transition.
inline constexpr size_t REPEAT_INPUTS = 3;

/// Finds repeats of either strand by seeds, follows them, and lets them vote for the next base.
template <typename Mixture>
class Repeats {
  public:
    Repeats(size_t n, const History& history, const Classes& classes)
        : history_(&history),
          classes_(&classes),
          position_bits_(position_bits(n)),
          positions_(SEEDS << position_bits_) {
        std::fill(hits_, hits_ + VOTE_CONTEXTS, (u32{ONE / 2} + 1) << 10);
        for (auto& ring : found_)
            for (auto& seed : ring) seed[0] = seed[1] = -1;
    }

    /// Go on after `before`, along a copy of its history and classes that has room for more.
    Repeats(const Repeats& before, const History& history, const Classes& classes)
        : Repeats(before) {
        history_ = &history;
        classes_ = &classes;
    }

    static size_t memory(size_t n) { return (SEEDS << (position_bits(n) + 2)) + sizeof(Repeats); }

    /// How likely the best vote is right: 0 (there is none) to 7.
    u32 quality() const { return quality_; }

    /// Write the inputs for a base of class `cls`.
    void vote(u32 cls, Features* inputs) {
        if (count_ == 0) {
            quality_ = 0;
            inputs[0] = inputs[1] = inputs[2] = 0;
            return;
        }
        Four best{}, total{};
        u32 top = 0;
        for (size_t k = 0; k < count_; ++k) {
            Place& place = places_[k];
            const u32 base = history_->base(place.at) ^ (place.inverted ? 3 : 0);
            place.guess = base;
            place.context = vote_context(place, cls);
            const u32 p = hits_[place.context] >> 20;
            const Four is_base = Four{0, 1, 2, 3} == Four{} + static_cast<i32>(base);
            const Four vote = is_base & i32{tables_.vote[p]};
            total += vote;  // at most 32 places of less than 2^12
            best = best > vote ? best : vote;
            top = std::max(top, p);
        }
        const Four others = total - best;
        // A base that differs is most often the other purine or pyrimidine: base ^ 2.
        const Four transition{total[2], total[3], total[0], total[1]};
        inputs[0] = pack_votes(best);
        inputs[1] = pack_votes(others);
        inputs[2] = pack_votes(transition);
        quality_ = quality_of(top);
    }

    /// Judge the places followed, and look for new ones. `i` bases came before the latest, `base`.
    void learn(size_t i, u32 base) {
        if (count_ > 0) judge(base);
        if (i < START) return;
        const size_t ring = i % DELAY;
        if (i >= START + DELAY) {
            const u32 following = classes_->at(i + 1);
            unrolled<SEEDS>([&](auto t) {
                consider_forward(i, found_[ring][t][0] + i64{DELAY}, following);
                consider_inverted(i, found_[ring][t][1] - i64{DELAY}, following);
            });
        }
        if (i >= START + HALF) find(i, (i - HALF) % DELAY);
        unrolled<SEEDS>([&](auto t) {
            const Seed& seed = Mixture::seeds[t];
            const u64 backward = history_->backward() >> (64 - 2 * seed.width);
            keys_[ring][t][0] = key(t, history_->forward() & seed.mask);
            keys_[ring][t][1] = key(t, backward & seed.mask);
            prefetch(positions_.data() + keys_[ring][t][0]);
            prefetch(positions_.data() + keys_[ring][t][1]);
        });
    }

  private:
    Repeats(const Repeats&) = default;

    static constexpr size_t SEEDS = Mixture::seeds.size();
    // A seed is looked up HALF bases after it was seen, what it found judged another HALF later, so
    // that memory has time to answer.
    static constexpr size_t HALF = DELAY / 2;
    static constexpr size_t VOTE_CONTEXTS = 16 * 16 * 24 * 4;
    static constexpr i32 STANDING_SHIFT = 5;
    static_assert(Mixture::places <= 32 && Mixture::hit_limit < 1024);

    struct Place {
        u32 at;         // of the base that is the guess; below the number of bases so far
        bool inverted;  // read backwards, on the opposite strand
        u32 guess;
        u32 context;   // of the vote
        u32 run;       // bases in a row that were right; below 2^31
        i32 standing;  // a moving average of being right, 0..65536
        u64 misses;    // of the last 32 bases, the latest in the lowest bits
    };

    static Features pack_votes(const Four& votes) {
        const Four most = Four{} + 2047;
        const Four kept = votes < most ? votes : most;
        return pack_features(kept[0], kept[1], kept[2], kept[3]);
    }

    static unsigned position_bits(size_t n) {
        return std::clamp(static_cast<unsigned>(std::bit_width(2 * n)), 12u,
                          Mixture::position_bits);
    }
    size_t key(size_t t, u64 bases) const {
        return (t << position_bits_) + static_cast<size_t>(bases * HASH >> (64 - position_bits_));
    }

    /// What a vote's probability depends on: the run, the last 32 bases, the long run, the frame.
    u32 vote_context(const Place& place, u32 cls) const {
        const u32 run = place.run;
        const u32 length = run < 16   ? run >> 1
                           : run < 32 ? 8 + ((run - 16) >> 2)
                           : run < 64 ? 12 + ((run - 32) >> 4)
                                      : (run < 400 ? 14u : 15u);
        const u32 missed = static_cast<u32>(std::min(std::popcount(place.misses), 31)) >> 1;
        const auto standing = static_cast<u32>(std::clamp((place.standing - 16384) >> 11, 0, 23));
        u32 codon = 0;
        if (cls > 0) {
            const u32 there = class_there(place.at, place.inverted);
            if (there == cls) codon = 1 + (cls - 1) % 3;
        }
        return ((length * 16 + missed) * 24 + standing) * 4 + codon;
    }

    u32 class_there(size_t at, bool inverted) const {
        return inverted ? classes_->opposite(at) : classes_->at(at);
    }

    static u32 quality_of(u32 p) {
        return 1u + (p >= 1638) + (p >= 2458) + (p >= 3277) + (p >= 3686) + (p >= 3932) +
               (p >= 4055);
    }

    void judge(u32 base) {
        size_t kept = 0;
        for (size_t k = 0; k < count_; ++k) {
            Place place = places_[k];
            u32& hit = hits_[place.context];
            const u32 seen = hit & 1023;
            u32 p = hit >> 10;  // 22 bits
            const u64 rate = tables_.reciprocal[seen];
            place.standing -= place.standing >> STANDING_SHIFT;
            place.misses <<= 2;
            if (place.guess == base) {
                p += static_cast<u32>((ONE - p) * rate >> 16);
                place.standing += 65536 >> STANDING_SHIFT;
                ++place.run;
            } else {
                p -= static_cast<u32>(p * rate >> 16);
                place.misses |= 1;
                place.run = 0;
            }
            hit = p << 10 | (seen + (seen < Mixture::hit_limit));
            const bool at_start = place.inverted && place.at == 0;
            place.at += place.inverted ? ~u32{0} : 1;
            places_[kept] = place;
            kept += std::popcount(place.misses) <= Mixture::drop_misses && !at_start;
        }
        count_ = kept;
    }

    /// Look up the seeds of HALF bases ago, and enter them.
    void find(size_t i, size_t ring) {
        unrolled<SEEDS>([&](auto t) {
            u32& position = positions_[keys_[ring][t][0]];
            const i64 forward = i64{position} - 1;
            const i64 inverted = i64{positions_[keys_[ring][t][1]]} - 2 - Mixture::seeds[t].width;
            found_[ring][t][0] = forward;
            found_[ring][t][1] = inverted;
            prefetch(history_->word_of(static_cast<size_t>(std::max<i64>(forward, 32) - 32)));
            prefetch(history_->word_of(static_cast<size_t>(std::max<i64>(inverted, 0))));
            position = static_cast<u32>(i + 2 - HALF);  // plus one: 0 is none
        });
    }

    /// The bits of a word of misses at first and second codon positions, where the base after the
    /// latest has class `following`.
    static u64 coding_bits(u32 following) {
        const u32 phase = (following + 5) % 6;
        const u32 third = (phase < 3 ? phase + 3 : 7 - phase) % 3;
        constexpr u64 thirds[3] = {0x1041041041041041, 0x4104104104104104, 0x0410410410410410};
        return EVEN_BITS ^ thirds[third];
    }

    static u64 differences(u64 a, u64 b) {
        const u64 x = a ^ b;
        return (x | x >> 1) & EVEN_BITS;
    }

    /// Whether so many differences may be a repeat; in a gene, if it is read in the same frame.
    static bool may_accept(u64 misses, u32 following) {
        return std::popcount(misses) <= Mixture::accept_misses ||
               std::countr_zero(misses) >= 2 * Mixture::accept_run ||
               (following > 0 &&
                std::popcount(misses & coding_bits(following)) <= Mixture::accept_coding);
    }

    /// A place whose base i + 1 - at bases back equals the next one, read forwards.
    void consider_forward(size_t i, i64 at, u32 following) {
        if (at < 32 || at > static_cast<i64>(i)) return;
        const auto place = static_cast<size_t>(at);
        const u64 misses = differences(history_->window(place - 32), history_->forward());
        if (may_accept(misses, following)) [[unlikely]]
            accept(place, false, misses, following);
    }

    void consider_inverted(size_t i, i64 at, u32 following) {
        if (at < 32 || at + 34 >= static_cast<i64>(i)) return;
        const auto place = static_cast<size_t>(at);
        const u64 there = differences(history_->window(place + 1), history_->backward());
        const u64 misses = reverse_bases(there);
        if (may_accept(misses, following)) [[unlikely]]
            accept(place, true, misses, following);
    }

    void accept(size_t at, bool inverted, u64 misses, u32 following) {
        if (count_ == Mixture::places) return;
        for (size_t k = 0; k < count_; ++k)
            if (places_[k].at == at && places_[k].inverted == inverted) return;
        const int run = std::countr_zero(misses) / 2;
        if (std::popcount(misses) > Mixture::accept_misses && run < Mixture::accept_run &&
            class_there(at, inverted) != following)
            return;
        places_[count_++] = {.at = static_cast<u32>(at),
                             .inverted = inverted,
                             .guess = 0,
                             .context = 0,
                             .run = static_cast<u32>(run),
                             .standing = 26214,
                             .misses = misses};
    }

    const Tables& tables_ = tables();
    const History* history_;
    const Classes* classes_;
    unsigned position_bits_;
    Zeroed<u32> positions_;  // of the base after a seed's last, plus one
    size_t keys_[DELAY][SEEDS][2] = {};
    i64 found_[DELAY][SEEDS][2];
    size_t count_ = 0;
    u32 quality_ = 0;
    Place places_[Mixture::places + 1];
    u32 hits_[VOTE_CONTEXTS];  // 22 bits of probability, 10 of how often seen
};

}  // namespace seqcoder
