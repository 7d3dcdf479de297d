#include "letters.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace seqcoder {

/// Call visit(begin, end) for every line; `end` is that of its line feed, if it has one.
template <typename Visit>
static void for_each_line(std::span<const std::uint8_t> text, Visit visit) {
    std::size_t at = 0;
    while (at < text.size()) {
        const void* found = std::memchr(text.data() + at, '\n', text.size() - at);
        const std::size_t end =
            found
                ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - text.data()) +
                      1
                : text.size();
        visit(at, end);
        at = end;
    }
}

std::vector<std::int64_t> find_line_ends(std::span<const std::uint8_t> data) {
    std::vector<std::int64_t> ends;
    for_each_line(data, [&](std::size_t, std::size_t end) {
        if (data[end - 1] == '\n') ends.push_back(static_cast<std::int64_t>(end) - 1);
    });
    return ends;
}

static bool ends_in_crlf(std::span<const std::uint8_t> text, std::size_t begin, std::size_t end) {
    return end - begin >= 2 && text[end - 1] == '\n' && text[end - 2] == '\r';
}

std::size_t size_without_returns(std::span<const std::uint8_t> text) {
    std::size_t size = text.size();
    for_each_line(
        text, [&](std::size_t begin, std::size_t end) { size -= ends_in_crlf(text, begin, end); });
    return size;
}

std::size_t size_with_returns(std::span<const std::uint8_t> text) {
    std::size_t size = text.size();
    for_each_line(text, [&](std::size_t, std::size_t end) { size += text[end - 1] == '\n'; });
    return size;
}

void drop_returns(std::span<const std::uint8_t> text, std::uint8_t* out) {
    for_each_line(text, [&](std::size_t begin, std::size_t end) {
        const bool crlf = ends_in_crlf(text, begin, end);
        const std::size_t size = end - begin - (crlf ? 2 : 0);
        std::memcpy(out, text.data() + begin, size);
        out += size;
        if (crlf) *out++ = '\n';
    });
}

void add_returns(std::span<const std::uint8_t> text, std::uint8_t* out) {
    for_each_line(text, [&](std::size_t begin, std::size_t end) {
        const bool feed = text[end - 1] == '\n';
        const std::size_t size = end - begin - (feed ? 1 : 0);
        std::memcpy(out, text.data() + begin, size);
        out += size;
        if (feed) {
            *out++ = '\r';
            *out++ = '\n';
        }
    });
}

/// What a letter means: a base, 4 more where it is in lower case, or 8: none.
static constexpr std::array<std::uint8_t, 256> code_table(const char* letters) {
    std::array<std::uint8_t, 256> codes{};
    codes.fill(8);
    for (unsigned code = 0; code < 4; ++code) {
        const auto letter = static_cast<unsigned char>(letters[code]);
        codes[letter] = static_cast<std::uint8_t>(code);
        codes[letter | 0x20u] = static_cast<std::uint8_t>(code | 4);
    }
    return codes;
}
static constexpr std::array<std::uint8_t, 256> DNA = code_table("ACGT");
static constexpr std::array<std::uint8_t, 256> RNA = code_table("ACGU");

#if defined(__AVX2__)
namespace {

/// Takes 32 letters at once. The low four bits tell A, C, G, T and U apart: each looks up the one
/// letter it could be, which is compared.
class Wide {
  public:
    explicit Wide(bool rna) {
        alignas(16) std::array<char, 16> letters;
        letters.fill(0x20);  // equals nothing: that bit was cleared
        alignas(16) std::array<char, 16> codes{};
        const char* const all = rna ? "ACGU" : "ACGT";
        for (unsigned code = 0; code < 4; ++code) {
            letters[all[code] & 15] = all[code];
            codes[all[code] & 15] = static_cast<char>(code);
        }
        letters_ = table(letters);
        codes_ = table(codes);
    }

    /// Write the codes of text[0, 32) to out[0, 32); one bit for each letter that is no base. Bits
    /// 0x20 of `case_bits` gather those of the bases.
    std::uint32_t take(const std::uint8_t* text, std::uint8_t* out, __m256i& case_bits) const {
        const __m256i letters = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
        const __m256i low = _mm256_and_si256(letters, _mm256_set1_epi8(15));
        const __m256i upper = _mm256_and_si256(letters, _mm256_set1_epi8(static_cast<char>(0xDF)));
        const __m256i is_base = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(letters_, low), upper);
        case_bits = _mm256_or_si256(case_bits, _mm256_and_si256(letters, is_base));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_shuffle_epi8(codes_, low));
        return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(is_base));
    }

  private:
    static __m256i table(const std::array<char, 16>& values) {
        return _mm256_broadcastsi128_si256(
            _mm_load_si128(reinterpret_cast<const __m128i*>(values.data())));
    }
    __m256i letters_;
    __m256i codes_;
};

}  // namespace
#endif

Letters take_bases(std::span<const std::uint8_t> text, bool rna, std::uint8_t* out) {
    const std::size_t n = text.size();
    std::uint8_t* to = out;
    std::size_t i = 0;
    unsigned lower = 0;
#if defined(__AVX2__)
    const Wide wide(rna);
    __m256i case_bits = _mm256_setzero_si256();
    while (i + 32 <= n) {
        // 32 codes are written, and what is too much is written over: to <= out + i.
        const std::uint32_t others = wide.take(text.data() + i, to, case_bits);
        if (others == 0) {
            to += 32;
            i += 32;
        } else {
            const auto before = static_cast<std::size_t>(std::countr_zero(others));
            to += before;
            i += before + 1;  // past the letter that is none
        }
    }
    lower = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_slli_epi16(case_bits, 2)));
#endif
    const auto& codes = rna ? RNA : DNA;
    for (; i < n; ++i) {
        const std::uint8_t code = codes[text[i]];
        *to = code & 3;
        to += code < 8;
        lower |= code & 4u;
    }
    return {static_cast<std::size_t>(to - out), lower != 0};
}

void write_letters(std::span<const std::uint8_t> bases, bool rna, std::uint8_t* out) {
    const std::array<std::uint8_t, 4> letters{'A', 'C', 'G',
                                              static_cast<std::uint8_t>(rna ? 'U' : 'T')};
    std::size_t i = 0;
#if defined(__AVX2__)
    int word;
    std::memcpy(&word, letters.data(), sizeof word);
    const __m256i table = _mm256_set1_epi32(word);
    for (; i + 32 <= bases.size(); i += 32) {
        const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bases.data() + i));
        const __m256i codes = _mm256_and_si256(some, _mm256_set1_epi8(3));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_shuffle_epi8(table, codes));
    }
#endif
    // 'A' + 2, + 6 and + 19 (U: + 20), without a table, so that the compiler takes several at once.
    const int last = letters[3] - 'A' - 6;
    for (; i < bases.size(); ++i) {
        const int base = bases[i] & 3;
        const int letter = 'A' + 2 * base + (base >= 2 ? 2 : 0) + (base == 3 ? last - 2 : 0);
        out[i] = static_cast<std::uint8_t>(letter);
    }
}

void wrap_lines(std::span<const std::uint8_t> residues, std::size_t width, std::uint8_t* out) {
    for (std::size_t at = 0; at < residues.size(); at += width) {
        const std::size_t some = std::min(width, residues.size() - at);
        std::memcpy(out, residues.data() + at, some);
        out += some;
        *out++ = '\n';
    }
}

}  // namespace seqcoder
