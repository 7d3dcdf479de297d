// Context models of twelve bases and more: four 4-bit counts a context, hashed, whose meaning is
// learned.
#pragma once

#include <algorithm>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "history.hpp"
#include "level.hpp"
#include "tables.hpp"

namespace seqcoder {

/// Add one to the count at bit `shift` of four 4-bit counts; all are halved first if it is 15.
inline u16 count_nibble(u32 counts, u32 shift) {
    const u32 halved = counts >> 1 & 0x7777;
    const u32 kept = (counts >> shift & 15) == 15 ? halved : counts;
    return static_cast<u16>(kept + (u32{1} << shift));
}

/// The long models of a mixture.
template <typename Mixture>
class LongContextModels {
  public:
    static constexpr size_t MODELS = Mixture::long_orders.size();

    explicit LongContextModels(size_t n)
        : bits_(bits(n)), counts_(MODELS << bits_), rows_(MODELS * NIBBLE_STATES) {
        unrolled<MODELS>([&](auto m) {
            std::memcpy(rows_.data() + m * NIBBLE_STATES, tables_.start_rows.data(),
                        NIBBLE_STATES * sizeof(MapRow));
            for (auto& ahead : ahead_) ahead[m] = m << bits_;
        });
    }

    static size_t memory(size_t n) {
        return MODELS * ((size_t{2} << bits(n)) + NIBBLE_STATES * sizeof(MapRow));
    }

    /// Write the models' inputs for base i.
    void predict(size_t i, u64 forward, Features* inputs) {
        unrolled<MODELS>([&](auto m) {
            const u64 slot = ahead_[i & 3][m] + (forward & 15);
            const u16 counts = counts_[slot];
            const u32 state = tables_.nibble_state[counts];
            slot_[m] = slot;
            seen_[m] = counts;
            inputs[m] = in_order_of_bases(row(m, state).logarithm, state & 255);
        });
    }

    void learn(u32 base) {
        unrolled<MODELS>([&](auto m) {
            const u32 state = tables_.nibble_state[seen_[m]];
            MapRow& meaning = row(m, state);
            const auto rank = static_cast<i32>(state >> (2 * base) & 3);
            const Four wanted = (Four{0, 1, 2, 3} == Four{} + rank) & 4193280;
            const Four least = Four{} + 2048;
            Four p = meaning.probability;
            p += (wanted - p) >> Mixture::map_shift;
            p = p > least ? p : least;  // it stays in 2048..ONE, so p >> 10 in 2..4095
            meaning.probability = p;
            const Four index = p >> 10;
            const auto& logs = tables_.log_probability;
            meaning.logarithm =
                pack_features(logs[index[0]], logs[index[1]], logs[index[2]], logs[index[3]]);
            counts_[slot_[m]] = count_nibble(seen_[m], 4 * base);
        });
    }

    void learn_opposite(size_t ring) {
        unrolled<MODELS>([&](auto m) {
            u16& counts = counts_[late_slot_[ring][m]];
            counts = count_nibble(counts, late_shift_[ring][m]);
        });
    }

    void see_opposite(size_t ring, const History& history) {
        unrolled<MODELS>([&](auto m) {
            const unsigned order = 2 * Mixture::long_orders[m];
            const u64 context = history.backward() >> (64 - order);
            const u64 slot = group(m, context >> 4) + (context & 15);
            late_slot_[ring][m] = slot;
            late_shift_[ring][m] = static_cast<u32>((history.forward() >> order & 3) ^ 3) * 4;
            prefetch(counts_.data() + slot);
        });
    }

    /// Find the sixteen contexts that base i + 3 may have, and ask for their line.
    void prefetch_ahead(size_t i, u64 forward) {
        unrolled<MODELS>([&](auto m) {
            const u64 mask = ~u64{0} >> (64 - 2 * (Mixture::long_orders[m] - 2));
            const u64 slot = group(m, forward & mask);
            ahead_[(i + 3) & 3][m] = slot;
            prefetch(counts_.data() + slot);
        });
    }

  private:
    /// Tables shrink with the chunk, to eight contexts a base.
    static unsigned bits(size_t n) {
        const auto fitting = static_cast<unsigned>(std::bit_width(8 * std::max(n, size_t{64})));
        return std::clamp(fitting, 10u, Mixture::nibble_bits);
    }

    /// First of the sixteen contexts that share all bases but the last two: below `MODELS << bits_`
    /// less 15.
    u64 group(size_t m, u64 context) const {
        return (u64{m} << bits_) + ((context * HASH >> (68 - bits_)) << 4);
    }

    MapRow& row(size_t m, u32 state) { return rows_[m * NIBBLE_STATES + (state >> 8)]; }

    Features in_order_of_bases(Features by_rank, u32 ranks) const;

    const Tables& tables_ = tables();
    unsigned bits_;
    Zeroed<u16> counts_;
    Zeroed<MapRow> rows_;
    u64 slot_[MODELS] = {};
    u16 seen_[MODELS] = {};
    u64 ahead_[4][MODELS] = {};
    u64 late_slot_[DELAY][MODELS] = {};
    u32 late_shift_[DELAY][MODELS] = {};
};

template <typename Mixture>
inline Features LongContextModels<Mixture>::in_order_of_bases(Features by_rank, u32 ranks) const {
#if defined(__AVX2__)
    const __m128i logs = _mm_cvtsi64_si128(static_cast<i64>(by_rank));
    const __m128i bytes = _mm_cvtsi64_si128(static_cast<i64>(tables_.rank_bytes[ranks]));
    return static_cast<Features>(_mm_cvtsi128_si64(_mm_shuffle_epi8(logs, bytes)));
#else
    return pack_features(feature_of(by_rank, ranks & 3), feature_of(by_rank, ranks >> 2 & 3),
                         feature_of(by_rank, ranks >> 4 & 3), feature_of(by_rank, ranks >> 6));
#endif
}

}  // namespace seqcoder
