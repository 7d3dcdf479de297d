// Letters to bases and back, and residues to lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqcoder {

/// The places of all line feeds.
std::vector<std::int64_t> find_line_ends(std::span<const std::uint8_t> data);

/// Bytes of `text` with each CR LF a LF, or with each LF a CR LF.
std::size_t size_without_returns(std::span<const std::uint8_t> text);
std::size_t size_with_returns(std::span<const std::uint8_t> text);

/// Write `text` so to `out`, which has as many bytes.
void drop_returns(std::span<const std::uint8_t> text, std::uint8_t* out);
void add_returns(std::span<const std::uint8_t> text, std::uint8_t* out);

struct Letters {
    std::size_t n_bases;
    /// Whether any of them is in lower case.
    bool lower;
};

/// Take the bases, 0..3 for A, C, G and T, or U where `rna`, in either case, out of `text`; what
/// else is in it goes. out: as many bytes as there are letters; what lies behind the bases is
/// undefined.
Letters take_bases(std::span<const std::uint8_t> text, bool rna, std::uint8_t* out);

/// Write bases (0..3) as letters.
void write_letters(std::span<const std::uint8_t> bases, bool rna, std::uint8_t* out);

/// Bytes of `n` residues in lines of `width`, each ended by a line feed.
constexpr std::size_t wrapped_size(std::size_t n, std::size_t width) {
    return n + (n + width - 1) / width;
}

/// Write residues in lines of `width`, at least 1, to out[0, wrapped_size(n, width)).
void wrap_lines(std::span<const std::uint8_t> residues, std::size_t width, std::uint8_t* out);

}  // namespace seqcoder
