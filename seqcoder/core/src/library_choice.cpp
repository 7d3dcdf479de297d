#include "library_choice.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "library.hpp"
#include "zeroed.hpp"

namespace seqcoder {
namespace {

constexpr size_t COMPARED = 16;   // residues compared before a place
constexpr u32 MOST_TRIED = 24;    // places compared for a seed
constexpr u32 MOST_PASSED = 240;  // places looked at for a seed
constexpr u32 NEEDED = 8;         // fewer agreements of the last 16 do not begin an alignment
constexpr u32 LEAST_AGREED = 4;   // fewer agreements end one
constexpr u32 SURE = 14;          // at so many no other is looked for
constexpr size_t AHEAD = 8;       // so many residues before they are needed, places are asked for

/// The key of the seed that a residue ends, and whether there is one that is indexed.
class RollingSeed {
  public:
    void add(u8 residue) {
        run_ = residue < GAP ? run_ + 1 : 0;
        key_ = (key_ << 4 | genetic_code().letter[residue & 31]) & KEY_MASK;
    }
    bool whole() const { return run_ >= SEED_SPAN && is_anchored(key_); }
    u64 seed() const { return key_ & SEED_MASK; }

  private:
    size_t run_ = 0;
    u64 key_ = 0;
};

/// All places of a library that follow a seed, those of one slot together, the last one first.
///
/// The index of `Library` keeps fifteen places a slot, whosever they are; here those of other
/// families must be found however many relatives lie behind them.
class SeedLists {
  public:
    explicit SeedLists(const OwnedResidues& library)
        : shift_(library.size > size_t{1} << 24 ? 64 - 24 : 64 - 20),
          begin_((size_t{1} << (64 - shift_)) + 1) {
        for_each(library, [&](u64 seed, u32) { ++begin_[slot_of(seed) + 1]; });
        for (size_t slot = 1; slot < begin_.size(); ++slot) begin_[slot] += begin_[slot - 1];
        places_ = Zeroed<u32>(begin_[begin_.size() - 1]);
        // From the end of each slot, which so moves to its begin.
        Zeroed<u32> next(begin_.size());
        std::copy_n(begin_.data(), begin_.size(), next.data());
        for_each(library, [&](u64 seed, u32 place) { places_[--next[slot_of(seed) + 1]] = place; });
    }

    void prefetch_slot(u64 seed) const { prefetch(begin_.data() + slot_of(seed)); }
    std::span<const u32> find(u64 seed) const {
        const u32* const slot = begin_.data() + slot_of(seed);
        return {places_.data() + slot[0], places_.data() + slot[1]};
    }

  private:
    template <typename Visit>
    static void for_each(const OwnedResidues& library, Visit visit) {
        RollingSeed seed;
        for (size_t place = 0; place < library.size; ++place) {
            if (seed.whole()) visit(seed.seed(), static_cast<u32>(place));  // place < 2^31
            seed.add(library.residues[place]);
        }
    }
    size_t slot_of(u64 seed) const { return seed * HASH >> shift_; }

    unsigned shift_;
    Zeroed<u32> begin_;
    Zeroed<u32> places_;
};

/// A place in the library, and which of the residues before it agreed (the latest one: bit 0).
struct Alignment {
    size_t place = 0;
    u32 past = 0;
    bool followed = false;

    u32 agreed() const { return static_cast<u32>(std::popcount(past)); }
    u32 grade() const { return 2 * agreed() + (past & 1); }  // past < 2^16: at most 33
};

class CreditReader {
  public:
    CreditReader(const CreditTask& task, float* credit, u64* foretold)
        : task_(task), lists_(task.library), credit_(credit), foretold_(foretold) {}

    void read_protein(size_t begin, size_t end) {
        const u8* residues = task_.proteins.residues;
        const auto genome = static_cast<size_t>(task_.proteins.owners[begin]);
        const float* gains = task_.gains + genome * CREDIT_GRADES * 2;
        find_seeds(residues + begin, end - begin);
        Alignment now;
        for (size_t t = begin; t < end; ++t) {
            ask_for(t - begin + 2 * AHEAD, t - begin + AHEAD);
            if (now.followed && !goes_on(now)) now.followed = false;
            const u64 seed = seeds_[t - begin];
            if (seed != NONE && (!now.followed || now.agreed() < SURE)) {
                const Alignment other = best_place(seed, residues + t, t - begin, genome);
                // Where that is the place at hand it agrees as well as before, no better.
                if (other.followed && (!now.followed || other.agreed() > now.agreed())) now = other;
            }
            if (now.followed) {
                const u32 right = task_.library.residues[now.place] == residues[t];
                const size_t kind = 2 * now.grade() + right;
                credit_[now.place / CREDIT_BLOCK] += gains[kind];
                ++foretold_[kind];
                now.past = (now.past << 1 | right) & 0xFFFF;
                ++now.place;
            }
        }
    }

  private:
    static constexpr u64 NONE = ~u64{0};  // no seed has so many bits

    /// The seed before each residue of a protein.
    void find_seeds(const u8* residues, size_t count) {
        seeds_.clear();
        RollingSeed seed;
        for (size_t t = 0; t < count; ++t) {
            seeds_.push_back(seed.whole() ? seed.seed() : NONE);
            seed.add(residues[t]);
        }
    }

    /// Memory is asked for before it is needed: the slot of a seed, and what its places are.
    void ask_for(size_t far, size_t near) const {
        if (far < seeds_.size() && seeds_[far] != NONE) lists_.prefetch_slot(seeds_[far]);
        if (near >= seeds_.size() || seeds_[near] == NONE) return;
        const auto places = lists_.find(seeds_[near]);
        for (const u32 place : places.first(std::min<size_t>(places.size(), AHEAD))) {
            prefetch(task_.library.residues + place);
            prefetch(task_.library.owners + place);
        }
    }

    bool goes_on(const Alignment& now) const {
        return now.place < task_.library.size && task_.library.residues[now.place] != GAP &&
               now.agreed() >= LEAST_AGREED && (now.past & 63) != 0;
    }

    /// The place after a seed that agrees best with the `known` residues before `next`; of equals
    /// that of the worthiest block, of those again the last one.
    Alignment best_place(u64 seed, const u8* next, size_t known, size_t genome) const {
        const OwnedResidues& library = task_.library;
        Alignment best;
        u32 most = 0;
        u32 tried = 0, passed = 0;
        for (const size_t place : lists_.find(seed)) {
            if (tried == MOST_TRIED || passed++ == MOST_PASSED) break;
            const auto owner = static_cast<size_t>(library.owners[place]);
            if (task_.near[owner * task_.genomes + genome] || library.residues[place] == GAP)
                continue;
            ++tried;
            // At least SEED_SPAN residues lie before a place that has a seed, and are known.
            const u32 past =
                compare(library.residues + place, next, std::min({known, place, COMPARED}));
            const Alignment candidate{place, past, true};
            if (candidate.agreed() < NEEDED) continue;
            const u32 rank = 256 * candidate.agreed() + task_.worth[place / CREDIT_BLOCK];
            if (rank > most) {
                most = rank;
                best = candidate;
            }
        }
        return best;
    }

    /// Which of the `count` residues before two places agree; a gap in the library ends it.
    static u32 compare(const u8* library, const u8* next, size_t count) {
        u32 past = 0;
        for (size_t back = 1; back <= count; ++back) {
            const u8 theirs = *(library - back);
            if (theirs == GAP) break;
            past |= u32{theirs == *(next - back)} << (back - 1);
        }
        return past;
    }

    const CreditTask& task_;
    SeedLists lists_;
    std::vector<u64> seeds_;
    float* credit_;
    u64* foretold_;
};

}  // namespace

u64 credit_blocks(const CreditTask& task, float* credit, u64* foretold) {
    CreditReader reader(task, credit, foretold);
    const u8* residues = task.proteins.residues;
    const size_t n = task.proteins.size;
    u64 read = 0;
    size_t number = 0;
    for (size_t begin = 0; begin < n;) {
        const auto end =
            static_cast<size_t>(std::find(residues + begin, residues + n, GAP) - residues);
        if (++number % task.every == task.turn) {
            reader.read_protein(begin, end);
            read += end - begin;
        }
        begin = end + 1;
    }
    return read;
}

}  // namespace seqcoder
