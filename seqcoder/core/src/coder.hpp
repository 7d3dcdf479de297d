// The mixing coder of one mixture: what the models say of a base, mixed, coded, learned.
#pragma once

#include "contexts.hpp"
#include "library_reader.hpp"
#include "long_contexts.hpp"
#include "mixer.hpp"
#include "repeats.hpp"

namespace seqcoder {

/// The state of coding a chunk. It goes on: any number of bases may be coded at a time. A copy of
/// what a chunk left can go on with another one.
template <typename Mixture>
class MixingCoder {
  public:
    /// `classes` (`n` bytes, or null) are copied; `library` and `genes`, which are read beside it
    /// (either may be null), must outlive this.
    MixingCoder(size_t n, const u8* classes, size_t n_classes, const Library* library,
                const Library* genes)
        : classes_(classes, n_classes, n, tables_.two_classes),
          history_(n),
          contexts_(n),
          long_contexts_(n),
          repeats_(n, history_, classes_),
          library_(library == nullptr ? no_library() : *library),
          reader_(library_, genes) {
        has_library_ = library != nullptr && Mixture::library_inputs > 0;
        if (has_library_) {
            library_counts_ = Zeroed<u32>(Mixture::library_inputs * LIBRARY_CONTEXTS);
            std::copy_n(library->counts().data(), library_counts_.size(), library_counts_.data());
        }
        if (genes != nullptr) begin_genes();
        for (size_t k = 0; k < SETS; ++k)
            for (size_t v = 0; v < CHOICES; ++v)
                for (size_t j = 0; j < INPUTS; ++j)
                    weights_[k][v][Mixer<INPUTS>::place(j)] =
                        j < USED ? Mixture::start_weights[j] : 0;
        for (auto& shares : second_)
            for (i64& share : shares) share = 65536 / i64{SETS};
    }

    /// Go on with another chunk of `n` bases after all that `leader` has coded: tables keep their
    /// size, the library is the leader's, and no alignment in it goes on.
    MixingCoder(const MixingCoder& leader, size_t n, const u8* classes, size_t n_classes,
                const Library* genes)
        : start_(leader.i_),
          i_(leader.i_),
          has_library_(leader.has_library_),
          classes_(leader.classes_, leader.i_, classes, n_classes, n, tables_.two_classes),
          history_(leader.history_, leader.i_ + n),
          contexts_(leader.contexts_),
          long_contexts_(leader.long_contexts_),
          repeats_(leader.repeats_, history_, classes_),
          library_(leader.library_),
          reader_(library_, genes),
          library_counts_(leader.library_counts_) {
        std::memcpy(weights_, leader.weights_, sizeof(weights_));
        std::memcpy(second_, leader.second_, sizeof(second_));
        if (genes != nullptr) begin_genes();
    }
    MixingCoder(const MixingCoder&) = delete;

    static size_t memory(size_t n) {
        return sizeof(MixingCoder) + ContextModels<Mixture>::memory(n) +
               LongContextModels<Mixture>::memory(n) + Repeats<Mixture>::memory(n) + n / 4 + n +
               Mixture::library_inputs * LIBRARY_CONTEXTS * sizeof(u32);
    }

    void encode(const u8* bases, size_t n, RangeEncoder& encoder) {
        for (size_t start = 0; start < n; start += BLOCK) {
            const size_t end = std::min(n, start + BLOCK);
            encoder.reserve(end - start);
            for (size_t i = start; i < end; ++i) {
                const Frequencies f = predict(coming(bases, n, i));
                const u32 base = bases[i] & 3;
                encoder.put(f, base);
                learn(f, base);
            }
        }
    }

    void decode(u8* bases, size_t count, RangeDecoder& decoder) {
        for (size_t k = 0; k < count; ++k) {
            const Frequencies f = predict(-1);
            const u32 base = decoder.get(f);
            bases[k] = static_cast<u8>(base);
            learn(f, base);
        }
    }

    /// Take note of a chunk's bases without coding them.
    void read(const u8* bases, size_t n) {
        for (size_t i = 0; i < n; ++i) learn(predict(coming(bases, n, i)), bases[i] & 3);
    }

    /// Bases of this chunk so far; and of those before it, too.
    size_t done() const { return i_ - start_; }
    size_t total() const { return i_; }
    const Library& library() const { return library_; }
    bool has_library() const { return has_library_; }

  private:
    static constexpr size_t BLOCK = 1 << 16;
    static constexpr size_t SETS = Mixture::sets.size();
    // Inputs in their order; those left over are always 0.
    static constexpr size_t FIRST_LONG = Mixture::contexts.size();
    static constexpr size_t FIRST_REPEAT = FIRST_LONG + Mixture::long_orders.size();
    static constexpr size_t FIRST_LIBRARY = FIRST_REPEAT + REPEAT_INPUTS;
    static constexpr size_t USED = FIRST_LIBRARY + Mixture::library_inputs;
    static constexpr size_t INPUTS = (USED + 7) / 8 * 8;

    static const Library& no_library() {
        static const Library none(nullptr, 0, nullptr);
        return none;
    }

    static_assert(Mixture::start_weights.size() == USED);

    /// Base i and the two after it, as far as there are any.
    static i32 coming(const u8* bases, size_t n, size_t i) {
        if (i + 2 >= n) return 0;
        return (bases[i] & 3) << 4 | (bases[i + 1] & 3) << 2 | (bases[i + 2] & 3);
    }

    [[gnu::always_inline]] Frequencies predict(i32 coming) {
        const size_t i = i_;
        const u64 forward = history_.forward();
        const u32 cls = Mixture::classed ? classes_.at(i) : 0;
        alignas(32) Features inputs[INPUTS] = {};
        contexts_.predict(forward, cls, inputs);
        long_contexts_.predict(i, forward, inputs + FIRST_LONG);
        repeats_.vote(cls, inputs + FIRST_REPEAT);
        u32 confidence = 0;
        if constexpr (Mixture::library_inputs > 0) {
            if (has_library_) {
                reader_.step(cls, forward, coming);
                confidence = reader_.confidence();
                for (size_t k = 0; k < Mixture::library_inputs; ++k)
                    inputs[FIRST_LIBRARY + k] = library_input(k);
            }
        }
        mixer_.load(inputs);
        const u32 quality = repeats_.quality();
        unrolled<SETS>([&](auto k) {
            chosen_[k] = weights_[k][choice(Mixture::sets[k], quality, confidence, cls)];
            behind_[k] = mixer_.score(chosen_[k]);
            shares_[k] = softmax(behind_[k], tables_);
        });
        if constexpr (SETS == 1) return shares_[0];
        shares_of_sets_ = second_[quality];
        return average();
    }

    /// What genes say means at first what the library's residues mean.
    void begin_genes() {
        for (size_t k = 0; has_library_ && k < Mixture::library_inputs; ++k) {
            u32* const counts = library_counts_.data() + k * LIBRARY_CONTEXTS;
            std::copy_n(counts, GENES_CONTEXTS, counts + GENES_CONTEXTS);
        }
    }

    Features library_input(size_t table) const {
        const u32 context = reader_.context(table);
        if (context == 0) return 0;
        return tables_.of_counts(library_counts_[table * LIBRARY_CONTEXTS + context]);
    }

    static size_t choice(Selector selector, u32 quality, u32 confidence, u32 cls) {
        if (selector == Selector::repeat) return quality + 8 * confidence;  // at most 7 + 64
        return cls + 16 * confidence;                                       // at most 15 + 128
    }

    /// One softmax of the sets' scores, each with the share learned for it. A score is below 2^16
    /// and a share below 2^18, so that the sum of at most 8 is below 2^37.
    Frequencies average() const {
        i64 sum[4] = {};
        unrolled<SETS>([&](auto k) {
            for (size_t s = 0; s < 4; ++s) sum[s] += shares_of_sets_[k] * behind_[k][s];
        });
        const i64 least = std::min(std::min(sum[0], sum[1]), std::min(sum[2], sum[3]));
        Behind behind;
        for (size_t s = 0; s < 4; ++s)
            behind[s] = static_cast<i32>(std::min<i64>((sum[s] - least) >> 20, 4095)) << 4;
        return softmax(behind, tables_);
    }

    [[gnu::always_inline]] void learn(const Frequencies& f, u32 base) {
        const size_t i = i_++;
        unrolled<SETS>(
            [&](auto k) { mixer_.learn(chosen_[k], errors_of(shares_[k], base), Mixture::rate); });
        if constexpr (SETS > 1) learn_shares(errors_of(f, base));
        contexts_.learn(base);
        long_contexts_.learn(base);
        for (size_t k = 0; has_library_ && k < Mixture::library_inputs; ++k) {
            const u32 context = reader_.context(k);
            u32& counts = library_counts_[k * LIBRARY_CONTEXTS + context];
            if (context > 0) counts = count_byte(counts, 8 * base, 255);
        }
        history_.append(i, base);
        const size_t ring = i % DELAY;
        if (i >= START + DELAY) {
            contexts_.learn_opposite(ring);
            long_contexts_.learn_opposite(ring);
        }
        if (i >= START) {
            contexts_.see_opposite(i, ring, history_, classes_);
            long_contexts_.see_opposite(ring, history_);
        }
        contexts_.prefetch_ahead(history_.forward(), classes_.at(i + 3));
        long_contexts_.prefetch_ahead(i, history_.forward());
        repeats_.learn(i, base);
    }

    /// A score says how far a base lies behind, hence the sign. Errors are below 2^15 and their
    /// absolute values sum to less than 2^16 + 4: a gradient is below 2^33.
    void learn_shares(const Errors& errors) {
        unrolled<SETS>([&](auto k) {
            i64 gradient = 0;
            for (size_t s = 0; s < 4; ++s) gradient += i64{errors[s]} * behind_[k][s];
            const i64 step = ((gradient >> 13) * Mixture::second_rate + (1 << 17)) >> 18;
            shares_of_sets_[k] =
                std::clamp<i64>(shares_of_sets_[k] - step, -LARGEST_WEIGHT, LARGEST_WEIGHT);
        });
    }

    const Tables& tables_ = tables();
    size_t start_ = 0;
    size_t i_ = 0;
    bool has_library_ = false;
    Classes classes_;
    History history_;
    ContextModels<Mixture> contexts_;
    LongContextModels<Mixture> long_contexts_;
    Repeats<Mixture> repeats_;
    const Library& library_;
    LibraryReader reader_;
    Zeroed<u32> library_counts_;
    Mixer<INPUTS> mixer_;
    alignas(32) i32 weights_[SETS][CHOICES][INPUTS];
    i64 second_[8][SETS];
    i64* shares_of_sets_ = nullptr;
    i32* chosen_[SETS] = {};
    Behind behind_[SETS];
    Frequencies shares_[SETS];
};

}  // namespace seqcoder
