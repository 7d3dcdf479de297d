#include "library.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace seqcoder {

static GeneticCode standard_code() {
    constexpr std::string_view letters = "*ACDEFGHIKLMNPQRSTVWY";
    // codons in the order AAA, AAC, AAG, AAT, ACA, ... TTT
    constexpr std::string_view codons =
        "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF";
    GeneticCode code{};
    for (unsigned i = 0; i < 64; ++i) {
        const unsigned x = i >> 4, y = i >> 2 & 3, z = i & 3;
        code.forward[i] = static_cast<u8>(letters.find(codons[i]));
        code.backward[i] = static_cast<u8>(letters.find(codons[63 - 16 * z - 4 * y - x]));
    }
    constexpr std::string_view alike[] = {"LVIM", "C",  "A",  "G",  "ST", "P", "FY",
                                          "W",    "EQ", "DN", "KR", "H",  "*"};
    u8 number = 0;
    for (const std::string_view group : alike) {
        for (const char residue : group) code.letter[letters.find(residue) & 31] = number;
        ++number;
    }
    for (unsigned i = 0; i < 64; ++i) {
        for (const bool opposite : {false, true}) {
            GeneticCode::Letters& some = code.after[opposite][i >> 4];
            const u8 letter = code.letter[(opposite ? code.backward : code.forward)[i]];
            if (std::find(some.letter, some.letter + some.count, letter) ==
                some.letter + some.count)
                some.letter[some.count++] = letter;  // at most sixteen codons begin alike
        }
    }
    return code;
}

const GeneticCode& genetic_code() {
    static const GeneticCode code = standard_code();
    return code;
}

static Zeroed<u8> with_room(const u8* residues, size_t size) {
    Zeroed<u8> text(size + 2 * WINDOW + READ_AHEAD);
    std::copy_n(residues, size, text.data() + WINDOW);
    return text;
}

Library::Library(Text text, const u32* counts)
    : text_(text.begin), inner_size_(text.size), counts_(LIBRARY_TABLES * LIBRARY_CONTEXTS, 0) {
    std::fill_n(text_, WINDOW, GAP);
    for (u8& residue : std::span(text_ + WINDOW, inner_size_)) residue = std::min(residue, GAP);
    std::fill_n(text_ + WINDOW + inner_size_, WINDOW + READ_AHEAD, GAP);
    if (counts != nullptr) std::copy_n(counts, counts_.size(), counts_.begin());
    position_bits_ = static_cast<unsigned>(std::bit_width(inner_size_ + 2 * WINDOW));
    position_mask_ = (1u << position_bits_) - 1;  // of at most 29 bits
    slot_bits_ = std::clamp(static_cast<unsigned>(std::bit_width(inner_size_)), 13u, 25u) - 3;
    build_index();
}

Library::Library(Zeroed<u8>&& text, size_t size, const u32* counts)
    : Library(Text{text.data(), size}, counts) {
    copied_ = std::move(text);
}

Library::Library(const u8* residues, size_t size, const u32* counts)
    : Library(with_room(residues, size), size, counts) {}

size_t Library::memory() const {
    return size() + 4 * counts_.size() + 8 * groups_.size() + 4 * entries_.size();
}

namespace {

/// Whether a residue has a letter of ANCHORS, and letters, as bytes by residue.
struct SeedTables {
    alignas(32) u8 anchor[32];
    alignas(32) u8 letter[32];
};

const SeedTables& seed_tables() {
    static const SeedTables tables = [] {
        SeedTables made;
        for (u32 residue = 0; residue < 32; ++residue) {
            made.letter[residue] = genetic_code().letter[residue];
            made.anchor[residue] = residue < RESIDUES && ANCHORS >> made.letter[residue] & 1;
        }
        return made;
    }();
    return tables;
}

#if defined(__AVX2__)

/// A table of 32 bytes in registers.
struct ByteTable {
    explicit ByteTable(const u8* table) : low(load(table)), high(load(table + 16)) {}
    static __m256i load(const u8* from) {
        return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
    }
    /// For 32 bytes below 32 what the table has. Bit 4 becomes the one that chooses a half.
    __m256i operator()(__m256i bytes) const {
        return _mm256_blendv_epi8(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, bytes),
                                  _mm256_slli_epi16(bytes, 3));
    }
    __m256i low, high;
};

#endif

/// Finds anchors, and the seeds around them.
class SeedFinder {
  public:
    /// Which of 32 residues are anchors: bit k for number k.
    u32 anchors(const u8* residues) const {
#if defined(__AVX2__)
        const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(residues));
        const __m256i found = _mm256_cmpgt_epi8(anchor_(some), _mm256_setzero_si256());
        return static_cast<u32>(_mm256_movemask_epi8(found));
#else
        u32 found = 0;
        for (u32 k = 0; k < 32; ++k) found |= u32{tables_.anchor[residues[k]]} << k;
        return found;
#endif
    }

    /// The seed of ten residues, of which sixteen can be read; false if there is a gap in them.
    bool seed(const u8* residues, u64& seed) const {
#if defined(__AVX2__)
        const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(residues));
        const __m128i gaps = _mm_cmpeq_epi8(some, _mm_set1_epi8(static_cast<char>(GAP)));
        if ((_mm_movemask_epi8(gaps) & ((1 << SEED_SPAN) - 1)) != 0) return false;
        const __m128i letters = _mm256_castsi256_si128(letter_(_mm256_castsi128_si256(some)));
        // Two letters a byte, the first one above.
        const __m128i pairs = _mm_maddubs_epi16(letters, _mm_set1_epi16(1 << 8 | 16));
        const __m128i bytes = _mm_packus_epi16(pairs, pairs);
        const auto key = static_cast<u64>(_mm_cvtsi128_si64(bytes));
        seed = __builtin_bswap64(key) >> (64 - 4 * SEED_SPAN) & SEED_MASK;
        return true;
#else
        u64 key = 0;
        u32 most = 0;
        for (u32 k = 0; k < SEED_SPAN; ++k) {
            key = key << 4 | tables_.letter[residues[k]];
            most = std::max<u32>(most, residues[k]);
        }
        seed = key & SEED_MASK;
        return most < GAP;
#endif
    }

  private:
    const SeedTables& tables_ = seed_tables();
#if defined(__AVX2__)
    ByteTable anchor_{tables_.anchor};
    ByteTable letter_{tables_.letter};
#endif
};

}  // namespace

/// Visit every position that has an anchored seed before it, with the seed.
template <typename Visit>
void Library::for_each_seed(Visit visit) const {
    const SeedFinder finder;
    const size_t end = WINDOW + inner_size_;
    for (size_t q = WINDOW; q < end; q += 32) {  // at most WINDOW + READ_AHEAD - 1 beyond `end`
        for (u32 left = finder.anchors(text_ + q); left != 0; left &= left - 1) {
            const size_t first = q + static_cast<u32>(std::countr_zero(left)) - ANCHOR;
            u64 seed;
            if (finder.seed(text_ + first, seed)) visit(static_cast<u32>(first + SEED_SPAN), seed);
        }
    }
}

/// How many anchors there are: no fewer than seeds.
size_t Library::count_anchors() const {
    const SeedFinder finder;
    size_t count = 0;
    for (size_t q = WINDOW; q < WINDOW + inner_size_; q += 32)
        count += static_cast<u32>(std::popcount(finder.anchors(text_ + q)));
    return count;
}

namespace {

/// Entries and their slots dealt into buckets, each a chain of blocks, so that they need not be
/// counted first. What is made of a bucket's entries takes the place of these: memory that a
/// process touches for the first time costs as much as the work.
class Buckets {
  public:
    static constexpr size_t BLOCK = 2048;
    static constexpr size_t MOST_ROW = 128;

    /// At most `most` entries are added in all, and no more are put into places.
    ///
    /// A bucket begins two blocks at most that it does not fill with what is dealt, and one with
    /// rows; before it begins another of these, less than a row is left in the last.
    Buckets(size_t buckets, size_t most)
        : buckets_(buckets),
          entries_((3 * buckets + most / (BLOCK - MOST_ROW) + 1) * BLOCK),
          slots_(entries_.size()),
          after_(entries_.size() / BLOCK),
          begun_(buckets) {
        for (size_t bucket = 0; bucket < buckets; ++bucket)
            next_.push_back(BLOCK * bucket + skipped(bucket));
    }

    void add(size_t bucket, u16 slot, u32 entry) {
        size_t& next = next_[bucket];
        entries_[next] = entry;
        slots_[next] = slot;
        // A block is begun for each that is full, so there are as many as the constructor made.
        if (++next % BLOCK == 0) [[unlikely]]
            next = BLOCK * append(next / BLOCK - 1);
    }

    /// Visit the slots and entries of a bucket in order.
    template <typename Visit>
    void for_each(size_t bucket, Visit visit) const {
        const size_t last = next_[bucket] / BLOCK;
        size_t at = BLOCK * bucket + skipped(bucket);
        for (size_t block = bucket; block != last; block = after_[block], at = BLOCK * block)
            for (; at < BLOCK * (block + 1); ++at) visit(slots_[at], entries_[at]);
        for (; at < next_[bucket]; ++at) visit(slots_[at], entries_[at]);
    }

    /// Gives places to rows of entries, in the blocks of a bucket that has been read.
    class Places {
      public:
        Places(Buckets& buckets, size_t bucket)
            : buckets_(buckets), block_(bucket), last_(buckets.next_[bucket] / BLOCK) {}

        /// Where `count` entries go, at most MOST_ROW.
        size_t take(size_t count) {
            if (used_ + count > BLOCK) {
                block_ =
                    block_ == last_ ? last_ = buckets_.append(block_) : buckets_.after_[block_];
                used_ = 0;
            }
            used_ += count;
            return BLOCK * block_ + used_ - count;
        }

      private:
        Buckets& buckets_;
        size_t block_;
        size_t last_;
        size_t used_ = 0;
    };

    u32* entries() { return entries_.data(); }
    /// The entries, to be kept.
    Zeroed<u32> finish() { return std::move(entries_); }

  private:
    /// Buckets fill alike: did all begin where a block does, their ends would share few lines of a
    /// cache, and push each other out.
    size_t skipped(size_t bucket) const { return bucket * BLOCK / buckets_; }

    size_t append(size_t block) { return after_[block] = begun_++; }

    size_t buckets_;
    Zeroed<u32> entries_;
    Zeroed<u16> slots_;
    /// The block that follows one.
    std::vector<size_t> after_;
    size_t begun_;
    /// Where the next entry of a bucket goes.
    std::vector<size_t> next_;
};

}  // namespace

/// Seeds are dealt into buckets of neighbouring slots first, so that what is written at random
/// later is a bucket's share, which fits a cache.
void Library::build_index() {
    constexpr unsigned MOST_BITS = 14;  // of the slots of a bucket
    const unsigned bits = std::min(slot_bits_, MOST_BITS);
    const size_t slots = size_t{1} << bits, buckets = size_t{1} << (slot_bits_ - bits);
    Buckets dealt(buckets, count_anchors());
    for_each_seed([&](u32 position, u64 seed) {
        const u32 slot = slot_of(seed);
        const u32 entry = position | tag_of(seed) << position_bits_;
        dealt.add(slot >> bits, static_cast<u16>(slot & (slots - 1)), entry);
    });
    static_assert(8 * MOST_ENTRIES <= Buckets::MOST_ROW);
    groups_ = Zeroed<u64>(slots * buckets / 8);
    std::vector<u32> sorted(slots * MOST_ENTRIES);
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
        u8 room[1 << MOST_BITS] = {};  // entries of a slot; then those still to come
        dealt.for_each(bucket, [&](u16 slot, u32) {
            u8& count = room[slot];
            count = static_cast<u8>(count + (count < MOST_ENTRIES));
        });
        u32 next[1 << MOST_BITS];
        u32 total = 0;
        u64* const groups = groups_.data() + bucket * slots / 8;
        for (size_t slot = 0; slot < slots; ++slot) {
            groups[slot / 8] |= u64{room[slot]} << (4 * (slot % 8));
            next[slot] = total;
            total += room[slot];
        }
        dealt.for_each(bucket, [&](u16 slot, u32 entry) {
            if (room[slot] == 0) return;
            --room[slot];
            sorted[next[slot]++] = entry;
        });
        Buckets::Places places(dealt, bucket);
        const u32* from = sorted.data();
        for (size_t group = 0; group < slots / 8; ++group) {
            const u32* const end = sorted.data() + next[8 * group + 7];
            const size_t place = places.take(static_cast<size_t>(end - from));
            groups[group] |= u64{place} << 32;
            std::copy(from, end, dealt.entries() + place);
            from = end;
        }
    }
    entries_ = dealt.finish();
}

}  // namespace seqcoder
