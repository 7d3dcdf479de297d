#include "extend.hpp"

#include <algorithm>

namespace seqcoder {

Extension extend(const Base* text, Index t, bool back, Diagonal d, Index n) {
    Index score = 0;
    Index worst = 0;
    Index i = 0;
    Extension best{0, 0, 0};
    for (;;) {
        const Index run =
            back ? matches_back(text, t + 1 - i, d, n - i) : matches_on(text, t + i, d, n - i);
        i += run;
        score += run;
        if (score > best.score) best = {i, score, worst};
        ++i;
        ++worst;
        score -= EXTEND_PENALTY;
        if (i >= n || score < best.score - EXTEND_DROP) return best;
    }
}

Range space_of(std::span<const Index> edges, Index place) {
    for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
        if (edges[e] <= place && place < edges[e + 1]) return {edges[e], edges[e + 1]};
    }
    return {0, 0};
}

static constexpr Index REACH = 64;
static constexpr Index PROBE = 32;
static constexpr Index PROBE_MATCHES = 22;

/// The offset on which text[p, p + PROBE) has most matches, at least PROBE_MATCHES, or d.offset.
static Index best_shift(const Base* text, Range range, Index end, Diagonal d, Index p) {
    const Base flip = d.sign > 0 ? 0 : 3;
    const auto base_at = [&](Index place) -> std::uint64_t {
        return 0 <= place && place < end ? (text[place] ^ flip) & 3u : 0u;
    };
    // Two bits per base, so that a shift is compared in one step; what is likely is counted.
    std::uint64_t probe = 0;
    std::uint64_t window = 0;
    Index at = d.source(p) - REACH;
    for (Index j = 0; j < PROBE; ++j) {
        probe = probe << 2 | text[p + j];
        window = window << 2 | base_at(at + d.sign * j);
    }
    Index top = PROBE_MATCHES - 1;
    Index found = 0;
    for (Index shift = -REACH; shift <= REACH; ++shift) {
        const Index last = at + d.sign * (PROBE - 1);
        std::uint64_t differ = window ^ probe;
        differ = (differ | differ >> 1) & 0x5555555555555555u;
        if (shift != 0 && PROBE - std::popcount(differ) > top &&
            std::min(at, last) >= range.begin && std::max(at, last) < range.end) {
            const Index same = PROBE - mismatches(text, p, {d.sign, d.offset + shift}, PROBE);
            if (same > top) {
                top = same;
                found = shift;
            }
        }
        ++at;
        if (d.sign > 0) {
            window = window << 2 | base_at(last + 1);
        } else {
            window = window >> 2 | base_at(at) << 62;
        }
    }
    return d.offset + found;
}

Realigned realign(const Base* text, std::span<const Index> edges, Index end, Diagonal d, Index b) {
    const Range range = space_of(edges, d.source(b - 1));
    for (const Index skip : {0, 16, 32}) {
        const Index p = b + skip;
        if (p + PROBE > end) break;
        const Index offset = best_shift(text, range, end, d, p);
        if (offset != d.offset) return {p, offset};
    }
    return {-1, d.offset};
}

}  // namespace seqcoder
