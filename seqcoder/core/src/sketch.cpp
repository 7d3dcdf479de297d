#include "sketch.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "library.hpp"

namespace seqcoder {

/// The finaliser of splitmix64 without its last step: a bijection of 64 bits.
static std::uint64_t scrambled(std::uint64_t h) {
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9u;
    return (h ^ h >> 27) * 0x94D049BB133111EBu;
}

std::vector<std::uint64_t> sketch_hashes(std::span<const std::uint8_t> bases, std::uint64_t limit) {
    constexpr std::uint64_t mask = (std::uint64_t{1} << (2 * SKETCH_LENGTH)) - 1;
    constexpr int top = 2 * (SKETCH_LENGTH - 1);
    constexpr std::size_t block = 256;
    std::vector<std::uint64_t> out;
    std::array<std::uint64_t, block> hashes;
    std::uint64_t forward = 0;
    std::uint64_t backward = 0;
    for (std::size_t at = 0; at < bases.size(); at += block) {
        // In three passes, of which the second, with all the work, has no order: vectorised.
        const std::size_t some = std::min(block, bases.size() - at);
        for (std::size_t i = 0; i < some; ++i) {
            const std::uint64_t base = bases[at + i];
            forward = (forward << 2 | base) & mask;
            backward = backward >> 2 | (3 - base) << top;
            hashes[i] = std::min(forward, backward);
        }
        for (std::size_t i = 0; i < some; ++i) {
            hashes[i] = scrambled(hashes[i]);
        }
        const std::size_t first = at == 0 ? SKETCH_LENGTH - 1 : 0;
        for (std::size_t i = first; i < some; ++i) {
            if (hashes[i] < limit) out.push_back(hashes[i]);
        }
    }
    return out;
}

std::vector<std::uint64_t> residue_hashes(std::span<const std::uint8_t> residues,
                                          std::size_t length, std::uint64_t limit) {
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 4 * length);
    const auto& letter = genetic_code().letter;
    std::vector<std::uint64_t> out;
    std::uint64_t key = 0;
    std::size_t run = 0;
    for (const std::uint8_t residue : residues) {
        if (residue >= GAP) {
            run = 0;
            continue;
        }
        key = (key << 4 | letter[residue]) & mask;
        if (++run < length) continue;
        // Letters are below 13, so that no key is all ones, nor its successor 0.
        const std::uint64_t hash = scrambled(key + 1);
        if (hash < limit) out.push_back(hash);
    }
    return out;
}

std::size_t count_shared(std::span<const std::uint64_t> one, std::span<const std::uint64_t> two) {
    std::size_t i = 0;
    std::size_t j = 0;
    std::size_t shared = 0;
    while (i < one.size() && j < two.size()) {
        const std::uint64_t a = one[i];
        const std::uint64_t b = two[j];
        shared += a == b;
        i += a <= b;
        j += b <= a;
    }
    return shared;
}

/// The index of two sketches of which `shared` hashes are the same.
static double index_of(std::span<const std::uint64_t> one, std::span<const std::uint64_t> two,
                       std::size_t size, std::size_t shared) {
    const auto up_to = [](std::span<const std::uint64_t> hashes, std::uint64_t limit) {
        return static_cast<std::size_t>(std::upper_bound(hashes.begin(), hashes.end(), limit) -
                                        hashes.begin());
    };
    // A sketch that is not full is complete: what the other has beyond its end counts.
    std::size_t i = one.size();
    std::size_t j = two.size();
    const bool one_full = i > 0 && i >= size;
    const bool two_full = j > 0 && j >= size;
    if (one_full && (!two_full || one.back() <= two.back())) {
        j = up_to(two, one.back());
    } else if (two_full) {
        i = up_to(one, two.back());
    }
    const std::size_t united = i + j - shared;
    return united ? static_cast<double>(shared) / static_cast<double>(united) : 0.0;
}

double jaccard(const Sketches& all, std::size_t one, std::size_t two) {
    const auto a = all.of(one);
    const auto b = all.of(two);
    return index_of(a, b, all.size, count_shared(a, b));
}

namespace {

/// Which of up to 64 sketches hold a hash: a bit for each.
class Holders {
  public:
    explicit Holders(std::size_t total) {
        // Half of the slots at most are taken.
        const int bits = std::max(4, static_cast<int>(std::bit_width(2 * total)));
        shift_ = 64 - bits;
        keys_.resize(std::size_t{1} << bits);
        words_.resize(std::size_t{1} << bits);
    }
    void add(std::uint64_t hash, std::size_t column) {
        const std::size_t at = slot(hash);
        keys_[at] = hash;
        words_[at] |= std::uint64_t{1} << column;
    }
    std::uint64_t of(std::uint64_t hash) const { return words_[slot(hash)]; }

  private:
    std::size_t slot(std::uint64_t hash) const {
        auto at = static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15u >> shift_);
        while (words_[at] && keys_[at] != hash) at = (at + 1) & (keys_.size() - 1);
        return at;
    }
    int shift_;
    std::vector<std::uint64_t> keys_;
    std::vector<std::uint64_t> words_;
};

}  // namespace

void jaccards(const Sketches& all, std::span<const std::int64_t> rows,
              std::span<const std::int64_t> columns, double* out) {
    std::size_t total = 0;
    for (const std::int64_t c : columns) total += all.of(static_cast<std::size_t>(c)).size();
    Holders holders(total);
    for (std::size_t k = 0; k < columns.size(); ++k) {
        for (const std::uint64_t h : all.of(static_cast<std::size_t>(columns[k]))) {
            holders.add(h, k);
        }
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto row = all.of(static_cast<std::size_t>(rows[r]));
        // The words of the row's hashes added up in bit planes, all columns at once. A sketch has
        // fewer than 2^32 hashes.
        std::array<std::uint64_t, 32> planes{};
        for (const std::uint64_t h : row) {
            std::uint64_t carry = holders.of(h);
            for (std::size_t p = 0; carry; ++p) {
                const std::uint64_t was = planes[p];
                planes[p] = was ^ carry;
                carry &= was;
            }
        }
        for (std::size_t k = 0; k < columns.size(); ++k) {
            std::size_t shared = 0;
            for (std::size_t p = 0; p < planes.size(); ++p) shared += (planes[p] >> k & 1) << p;
            const auto column = all.of(static_cast<std::size_t>(columns[k]));
            *out++ = index_of(row, column, all.size, shared);
        }
    }
}

}  // namespace seqcoder
