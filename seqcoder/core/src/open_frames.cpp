#include "open_frames.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "windows.hpp"

namespace seqcoder {
namespace {

constexpr std::size_t kShortest = 300;
constexpr std::size_t kLongest = 900;
constexpr std::uint64_t kTries = 20000;  // a random frame reaches the length once in so many
constexpr std::uint64_t kOne = std::uint64_t{1} << 32;

struct Frame {
    std::size_t start;
    std::size_t length;
    bool reverse;
};

/// Bases that a frame must have: integers only, so that every machine agrees.
std::size_t shortest_frame(const std::uint8_t* bases, std::size_t n) {
    std::uint64_t strong = 0;  // C and G
    for (std::size_t i = 0; i < n; ++i) strong += ((bases[i] + 1U) >> 1) & 1;
    // Shares of one letter in 2^-16: at most 2^15 each, their products of three below 2^47.
    const std::uint64_t at = ((n - strong) << 15) / n;
    const std::uint64_t gc = (std::uint64_t{1} << 15) - at;
    // TAA, TAG, TGA in 2^-32; at least one in a thousand.
    const std::uint64_t stop = std::max((at * at * at + 2 * at * at * gc) >> 16, kOne / 1000);
    std::uint64_t open = kOne;
    std::size_t codons = 0;
    // open < 2^33 and kTries < 2^15; open * (kOne - stop) < 2^64.
    while (3 * codons < kLongest && open * kTries >= kOne) {
        open = open * (kOne - stop) >> 32;
        ++codons;
    }
    return std::max(kShortest, 3 * codons);
}

/// Which codons end a frame: bit 0 on this strand (TAA, TAG, TGA), bit 1 on the other (TTA, CTA,
/// TCA read from here).
constexpr std::array<std::uint8_t, 64> make_stops() {
    std::array<std::uint8_t, 64> stops{};
    stops[48] = stops[50] = stops[56] = 1;
    stops[60] = stops[28] = stops[52] = 2;
    return stops;
}

constexpr std::array<std::uint8_t, 64> kStops = make_stops();

std::vector<Frame> long_frames(const std::uint8_t* bases, std::size_t n, std::size_t shortest) {
    std::vector<Frame> frames;
    // Where the frame that is open now began, by frame, for both strands.
    std::array<std::array<std::size_t, 3>, 2> begin{{{0, 1, 2}, {0, 1, 2}}};
    const auto close = [&](bool reverse, std::size_t frame, std::size_t end, std::size_t next) {
        std::size_t& start = begin[reverse][frame];
        if (end >= start + shortest) frames.push_back({start, end - start, reverse});
        start = next;
    };
    unsigned codon = n >= 2 ? (bases[0] & 3U) << 2 | (bases[1] & 3U) : 0;
    std::size_t frame = 0;
    for (std::size_t i = 2; i < n; ++i) {
        codon = (codon << 2 | (bases[i] & 3U)) & 63;
        const unsigned stops = kStops[codon];
        if (stops & 1) close(false, frame, i - 2, i + 1);
        if (stops & 2) close(true, frame, i - 2, i + 1);
        frame = frame == 2 ? 0 : frame + 1;
    }
    for (std::size_t f = 0; f < 3; ++f) {
        for (const bool reverse : {false, true}) {
            const std::size_t start = begin[reverse][f];
            if (n >= start) close(reverse, f, n - (n - start) % 3, n);
        }
    }
    return frames;
}

}  // namespace

void open_frame_types(const std::uint8_t* bases, std::size_t n, std::uint8_t* types) {
    std::fill_n(types, count_windows(n), std::uint8_t{0});
    if (n < kShortest) return;
    std::vector<Frame> frames = long_frames(bases, n, shortest_frame(bases, n));
    std::sort(frames.begin(), frames.end(), [](const Frame& a, const Frame& b) {
        if (a.length != b.length) return a.length > b.length;
        return a.start != b.start ? a.start < b.start : a.reverse < b.reverse;
    });
    for (const Frame& frame : frames) {
        const std::size_t first = (frame.start + kStride - 1) / kStride;
        const std::size_t end = (frame.start + frame.length) / kStride;  // windows wholly inside
        std::size_t taken = 0;
        for (std::size_t w = first; w < end; ++w) taken += types[w] != 0;
        if (8 * taken > end - first) continue;
        const std::size_t phase = (first * kStride - frame.start) % 3;
        const std::size_t type = frame.reverse ? 6 - phase : 1 + phase;
        for (std::size_t w = first; w < end; ++w) {
            if (types[w] == 0) types[w] = static_cast<std::uint8_t>(type);
        }
    }
}

}  // namespace seqcoder
