#include "align.hpp"

#include <array>

#include "extend.hpp"

namespace seqcoder {

static constexpr Index BLOCK = 24;
static constexpr Index MIN_SCORE = 20;
static constexpr Index OVERLAP = 256;
/// So many mismatches in two blocks at most: then nothing is looked up.
static constexpr Index FEW = 3;
/// The genome is entered into the index by so many bases.
static constexpr Index BATCH = 512;

namespace {

class Search {
  public:
    Search(const Base* text, std::span<const Index> edges, Index end, SeedTable known,
           SeedTable parents)
        : text_(text),
          edges_(edges),
          begin_(edges.back()),
          end_(end),
          known_(known),
          parents_(parents) {}

    std::vector<Segment> run();

  private:
    void place(Index anchor, Diagonal d, Index floor);
    bool limits(Index anchor, Diagonal d, Index floor, Index& left, Index& right, bool& own) const;
    void activate();
    void go_on_after_indels(Index before);
    const Segment* retire(Index t);
    void enter_until(Index t);
    Index pass_over(Index t, const Segment& primary);
    void look_up(Index t, Index count);
    void hit(Index at, Index found);
    bool covered(Index at, Diagonal d) const;

    const Base* text_;
    std::span<const Index> edges_;
    Index begin_;
    Index end_;
    SeedTable known_;
    SeedTable parents_;
    std::vector<Segment> segments_;
    /// The segments that reach furthest, by number, at most 32.
    std::array<std::size_t, 32> active_{};
    std::size_t n_active_ = 0;
    /// Everything before is covered by some segment.
    Index good_ = 0;
    Index entered_ = 0;
};

/// How far an alignment through text[anchor] may reach; false if nowhere.
bool Search::limits(Index anchor, Diagonal d, Index floor, Index& left, Index& right,
                    bool& own) const {
    const Index source = d.source(anchor);
    const Range range = space_of(edges_, source);
    own = range.begin == range.end;
    if (own) {
        // A copy within the genome reads only what lies before the place it is written to.
        if (d.sign > 0) {
            left = std::min({anchor - floor, source - begin_, -d.offset - SEED_LENGTH});
            right = std::min(end_ - anchor, -d.offset);
            return true;
        }
        if (source >= anchor) return false;
        left = std::min(anchor - floor, (anchor - source - 1) / 2);
        right = std::min(end_ - anchor, source - begin_ + 1);
    } else if (d.sign > 0) {
        left = std::min(anchor - floor, source - range.begin);
        right = std::min(end_ - anchor, range.end - source);
    } else {
        left = std::min(anchor - floor, range.end - 1 - source);
        right = std::min(end_ - anchor, source - range.begin + 1);
    }
    return true;
}

/// Extend the diagonal through text[anchor] both ways and keep it as a segment.
void Search::place(Index anchor, Diagonal d, Index floor) {
    Index left, right;
    bool own;
    if (!limits(anchor, d, floor, left, right, own)) return;
    const Extension back = extend(text_, anchor - 1, true, d, left);
    if (own && d.sign > 0) right = std::min(right, -d.offset - back.length);
    const Extension on = extend(text_, anchor, false, d, right);
    const Index score = back.score + on.score;
    if (score < MIN_SCORE) return;
    const Index last = anchor + on.length;
    for (std::size_t q = 0; q < n_active_; ++q) {
        const Segment& other = segments_[active_[q]];
        if (other.diagonal == d && other.end >= last) return;
    }
    const Index may_realign = !own && score >= 2 * MIN_SCORE;
    segments_.push_back({anchor - back.length, last, d, back.bad + on.bad, may_realign});
    activate();
}

/// Take the last segment among the active ones, in place of the one that ends first if need be.
void Search::activate() {
    if (n_active_ < active_.size()) {
        active_[n_active_++] = segments_.size() - 1;
        return;
    }
    std::size_t drop = 0;
    for (std::size_t q = 1; q < active_.size(); ++q) {
        if (segments_[active_[q]].end < segments_[active_[drop]].end) drop = q;
    }
    active_[drop] = segments_.size() - 1;
}

/// Look for what follows the alignments that end before `before`.
void Search::go_on_after_indels(Index before) {
    for (std::size_t q = 0; q < n_active_; ++q) {
        Segment& segment = segments_[active_[q]];
        if (segment.may_realign == 0 || segment.end >= before) continue;
        segment.may_realign = 0;
        const Index b = segment.end;
        const Diagonal d = segment.diagonal;  // `place` may move the segments
        const Realigned next = realign(text_, edges_, end_, d, b);
        if (next.place >= 0) {
            place(next.place, {d.sign, next.offset}, std::max(begin_, b - OVERLAP));
        }
    }
}

/// Leave the segments that end at `t` or before; return that which reaches furthest from `t` on.
const Segment* Search::retire(Index t) {
    std::size_t keep = 0;
    const Segment* primary = nullptr;
    for (std::size_t q = 0; q < n_active_; ++q) {
        const Segment& segment = segments_[active_[q]];
        if (segment.end <= t) continue;
        active_[keep++] = active_[q];
        good_ = std::max(good_, segment.end);
        if (segment.begin <= t && (!primary || segment.end > primary->end)) primary = &segment;
    }
    n_active_ = keep;
    return primary;
}

/// Enter what of the genome lies well before `t` into the index.
void Search::enter_until(Index t) {
    if (t - entered_ < BATCH) return;
    const Index stop = t / SPARSE_STEP * SPARSE_STEP;
    insert_new_seeds(text_, entered_, stop + SEED_LENGTH - 1, SPARSE_STEP, parents_);
    entered_ = stop;
}

bool Search::covered(Index at, Diagonal d) const {
    for (std::size_t q = 0; q < n_active_; ++q) {
        const Segment& segment = segments_[active_[q]];
        if (segment.diagonal == d && segment.begin <= at && at < segment.end) return true;
    }
    return false;
}

/// Follow up what an index holds for the k-mer at `at`: a place, or -1.
void Search::hit(Index at, Index found) {
    if (found < 0) return;
    Diagonal d{1, found - at};
    if (covered(at, d)) return;
    if (matches_on(text_, at, d, SEED_LENGTH) < SEED_LENGTH) {
        d = {-1, found + SEED_LENGTH - 1 + at};
        if (covered(at, d) || matches_on(text_, at, d, SEED_LENGTH) < SEED_LENGTH) return;
    }
    place(at, d, std::max(begin_, std::min(good_, at) - OVERLAP));
}

/// Look up the k-mers that begin in text[t, t + count), count <= BLOCK.
void Search::look_up(Index t, Index count) {
    constexpr std::uint64_t mask = (std::uint64_t{1} << (2 * SEED_LENGTH)) - 1;
    constexpr int top = 2 * (SEED_LENGTH - 1);
    std::uint64_t forward = 0;
    std::uint64_t backward = 0;
    const auto roll = [&](Base base) {
        forward = (forward << 2 | base) & mask;
        backward = backward >> 2 | (std::uint64_t{3} - base) << top;
    };
    for (Index i = 0; i + 1 < SEED_LENGTH; ++i) roll(text_[t + i]);
    std::uint64_t hashes[BLOCK];
    for (Index i = 0; i < count; ++i) {
        roll(text_[t + i + SEED_LENGTH - 1]);
        hashes[i] = SeedTable::hash(forward, backward);
        __builtin_prefetch(&known_.slot(hashes[i]));
        __builtin_prefetch(&parents_.slot(hashes[i]));
    }
    Index found[2 * BLOCK];
    for (Index i = 0; i < count; ++i) {
        Index* const both = found + 2 * i;
        both[0] = parents_.place(hashes[i], parents_.slot(hashes[i]));
        both[1] = known_.place(hashes[i], known_.slot(hashes[i]));
        for (Index k = 0; k < 2; ++k) {
            if (both[k] >= 0) __builtin_prefetch(text_ + both[k]);
        }
    }
    for (Index i = 0; i < 2 * count; ++i) hit(t + i / 2, found[i]);
}

/// Go on from `t` along `primary` by whole blocks as long as it holds well and no active alignment
/// begins or ends nearby, so that `run` would do nothing else.
Index Search::pass_over(Index t, const Segment& primary) {
    Index until = end_;
    for (std::size_t q = 0; q < n_active_; ++q) {
        const Segment& segment = segments_[active_[q]];
        if (segment.begin > t) return t;
        until = std::min(until, segment.end);
    }
    while (t + 2 * BLOCK + SEED_LENGTH <= until &&
           mismatches(text_, t, primary.diagonal, 2 * BLOCK) <= FEW) {
        enter_until(t);
        t += BLOCK;
    }
    return t;
}

std::vector<Segment> Search::run() {
    good_ = entered_ = begin_;
    Index t = begin_;
    while (t + SEED_LENGTH <= end_) {
        enter_until(t);
        const Index stop = std::min(t + BLOCK, end_ - SEED_LENGTH + 1);
        go_on_after_indels(stop + SEED_LENGTH);
        if (const Segment* primary = retire(t)) {
            const Index look = std::min(t + 2 * BLOCK, end_);
            if (look <= primary->end && mismatches(text_, t, primary->diagonal, look - t) <= FEW) {
                t = pass_over(t + BLOCK, *primary);
                continue;
            }
        }
        look_up(t, stop - t);
        t = stop;
    }
    return std::move(segments_);
}

}  // namespace

std::vector<Segment> find_segments(const Base* text, std::span<const Index> edges, Index end,
                                   SeedTable known, SeedTable parents) {
    return Search(text, edges, end, known, parents).run();
}

}  // namespace seqcoder
