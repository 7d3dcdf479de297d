// Context models of up to eleven bases: four 8-bit counts a context, directly indexed.
#pragma once

#include <algorithm>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "history.hpp"
#include "level.hpp"
#include "tables.hpp"

namespace seqcoder {

/// Add one to the count at bit `shift` of four 8-bit counts; all are halved first if it has
/// reached the limit (at most 255, so it does not run over).
inline u32 count_byte(u32 counts, u32 shift, u32 limit) {
    const u32 halved = counts >> 1 & 0x7F7F7F7F;
    return ((counts >> shift & 255) >= limit ? halved : counts) + (u32{1} << shift);
}
inline void count_bytes(Eight& counts, const Eight& shift, const Eight& limit) {
    const Eight halved = counts >> 1 & 0x7F7F7F7F;
    const Eight one = Eight{} + 1;
    counts = ((counts >> shift & 255) >= limit ? halved : counts) + (one << shift);
}

/// All byte models of a mixture. What is the same for all of them is done for eight at once.
template <typename Mixture>
class ContextModels {
  public:
    static constexpr size_t MODELS = Mixture::contexts.size();
    static constexpr size_t LANES = (MODELS + 7) / 8 * 8;
    static constexpr size_t FOURS = (MODELS + 3) / 4;

    /// Contexts so long that a chunk of `n` bases would hardly meet any twice are left to the long
    /// models: a small chunk would spend its time on memory never read again.
    explicit ContextModels(size_t n) {
        u32 size = GROUP;  // the first group is what unused lanes read
        for (size_t j = 0; j < MODELS; ++j) {
            const Context& model = Mixture::contexts[j];
            const u32 contexts = u32{1} << (2 * model.order);
            if (contexts > 8 * std::max(n, size_t{64})) continue;
            masks_.set(j, contexts - 1);
            said_[j] = ~Features{0};
            for (u32 c = 0; c < 16; ++c)
                offsets_[c].set(j, size + (model.classed ? c * contexts : 0));
            size += std::max(GROUP, model.classed ? 16 * contexts : contexts);
        }
        counts_ = Zeroed<u32>(size);
    }

    static size_t memory(size_t n) {
        size_t size = GROUP;
        for (const Context& model : Mixture::contexts) {
            const size_t contexts = size_t{1} << (2 * model.order);
            if (contexts > 8 * std::max(n, size_t{64})) continue;
            // Classes 7 to 15 are rare: their contexts are pages never touched.
            size += model.classed ? 7 * contexts : contexts;
        }
        return size * sizeof(u32);
    }

    /// Write the models' inputs for the next base, at a multiple of 32 bytes: as many as there are
    /// lanes in fours, those of no model being 0.
    void predict(u64 forward, u32 cls, Features* inputs) {
        const Eight latest = Eight{} + static_cast<u32>(forward);
        for (size_t r = 0; r < ROWS; ++r)
            slots_.rows[r] = (latest & masks_.rows[r]) + offsets_[cls].rows[r];
        u32 seen[LANES] = {};
        unrolled<MODELS>([&](auto j) { seen[j] = counts_[slots_.lane(j)]; });
        seen_ = Lanes(seen);
#if defined(__AVX2__)
        for (size_t q = 0; q < FOURS; ++q) {
            const auto row = reinterpret_cast<__m256i>(seen_.rows[q / 2]);
            const __m128i counts =
                q % 2 == 0 ? _mm256_castsi256_si128(row) : _mm256_extracti128_si256(row, 1);
            const auto* said = reinterpret_cast<const __m256i*>(said_ + 4 * q);
            _mm256_store_si256(reinterpret_cast<__m256i*>(inputs + 4 * q),
                               _mm256_and_si256(logarithms(counts), _mm256_load_si256(said)));
        }
#else
        for (size_t j = 0; j < MODELS; ++j) inputs[j] = tables_.of_counts(seen[j]) & said_[j];
#endif
    }

    void learn(u32 base) {
        const Eight shift = Eight{} + 8 * base;
        for (size_t r = 0; r < ROWS; ++r) count_bytes(seen_.rows[r], shift, limits_.rows[r]);
        write(slots_, seen_);
    }

    /// Count what the opposite strand saw DELAY bases ago.
    void learn_opposite(size_t ring) {
        u32 counts[LANES] = {};
        unrolled<MODELS>([&](auto j) { counts[j] = counts_[late_slots_[ring].lane(j)]; });
        Lanes all(counts);
        for (size_t r = 0; r < ROWS; ++r)
            count_bytes(all.rows[r], late_shifts_[ring].rows[r], limits_.rows[r]);
        write(late_slots_[ring], all);
    }

    /// Note what the opposite strand sees now: of a model of order k, the bases just read, turned
    /// round, are the context of the complement of the base k before the latest.
    void see_opposite(size_t i, size_t ring, const History& history, const Classes& classes) {
        const Eight forward = Eight{} + static_cast<u32>(history.forward());
        const Eight backward = Eight{} + static_cast<u32>(history.backward() >> 32);
        u32 offset[LANES] = {};
        unrolled<MODELS>([&](auto j) {
            constexpr Context model = Mixture::contexts[j];
            offset[j] = offsets_[model.classed ? classes.opposite(i - model.order) : 0].lane(j);
        });
        const Lanes offsets(offset);
        for (size_t r = 0; r < ROWS; ++r) {
            const Eight& order = orders_.rows[r];
            late_shifts_[ring].rows[r] = ((forward >> order & 3) ^ 3) * 8;
            late_slots_[ring].rows[r] =
                (backward >> (32 - order) & masks_.rows[r]) + offsets.rows[r];
        }
        unrolled<MODELS>([&](auto j) {
            if constexpr (is_long(j)) prefetch(counts_.data() + late_slots_[ring].lane(j));
        });
    }

    /// Ask for the lines of the sixteen contexts that base i + 3 may have.
    void prefetch_ahead(u64 forward, u32 cls) {
        unrolled<MODELS>([&](auto j) {
            if constexpr (is_long(j))
                prefetch(counts_.data() + (static_cast<u32>(forward << 4) & masks_.lane(j)) +
                         offsets_[cls].lane(j));
        });
    }

  private:
    static constexpr u32 GROUP = 16;  // contexts that share all but the last two bases: one line

    static constexpr bool is_long(size_t j) { return Mixture::contexts[j].order > 6; }

    static constexpr size_t ROWS = LANES / 8;

#if defined(__AVX2__)
    /// `count_logarithm` of the sixteen counts of four models.
    static __m256i logarithms(__m128i counts) {
        const auto binary = [](__m256i eight) {
            const __m256i shifted =
                _mm256_add_epi32(_mm256_slli_epi32(eight, 6), _mm256_set1_epi32(26));
            const __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(shifted));
            return _mm256_sub_epi32(_mm256_srli_epi32(bits, 15), _mm256_set1_epi32(133 * 256));
        };
        const __m256i low = binary(_mm256_cvtepu8_epi32(counts));
        const __m256i high = binary(_mm256_cvtepu8_epi32(_mm_srli_si128(counts, 8)));
        // The sixteen are below 2^11 in size: twice one times 177 * 2^7 keeps its high half.
        const __m256i all = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
        return _mm256_mulhi_epi16(_mm256_slli_epi16(all, 1), _mm256_set1_epi16(177 * 128));
    }
#endif

    /// A number for each model, eight a row.
    struct Lanes {
        Eight rows[ROWS];

        Lanes() : Lanes(0) {}
        explicit Lanes(u32 all) {
            for (Eight& row : rows) row = Eight{} + all;
        }
        explicit Lanes(const u32 (&lane)[LANES]) {
            for (size_t r = 0; r < ROWS; ++r) {
                const u32* x = lane + 8 * r;
                rows[r] = Eight{x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]};
            }
        }
        u32 lane(size_t j) const { return rows[j / 8][j % 8]; }
        void set(size_t j, u32 value) { rows[j / 8][j % 8] = value; }
    };

    static Lanes of_models(auto value, u32 unused) {
        Lanes out(unused);
        for (size_t j = 0; j < MODELS; ++j) out.set(j, value(Mixture::contexts[j]));
        return out;
    }

    void write(const Lanes& slots, const Lanes& counts) {
        unrolled<MODELS>([&](auto j) { counts_[slots.lane(j)] = counts.lane(j); });
    }

    const Lanes limits_ = of_models([](const Context& m) { return m.limit; }, 255);
    const Lanes orders_ = of_models([](const Context& m) { return 2 * m.order; }, 2);
    const Tables& tables_ = tables();
    Zeroed<u32> counts_;
    // A lane not in use has mask and offsets 0: it counts in the first group, and says nothing.
    Lanes masks_;
    Lanes offsets_[16];
    alignas(32) Features said_[4 * FOURS] = {};
    Lanes slots_;
    Lanes seen_;
    Lanes late_slots_[DELAY];
    Lanes late_shifts_[DELAY];
};

}  // namespace seqcoder
