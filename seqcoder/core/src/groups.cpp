#include "groups.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace seqcoder {

/// So many leaders that share most hashes are compared in full.
static constexpr std::size_t COMPARED = 8;
/// Of a hash that so many leaders hold already no more are noted: it tells nothing.
static constexpr std::size_t COMMON = 512;

namespace {

class Leaders {
  public:
    explicit Leaders(const Sketches& all) : all_(all), shared_(all.count()) {
        const std::size_t most = all.count() * INDEXED;
        const int bits = std::max(4, static_cast<int>(std::bit_width(most)));
        shift_ = 64 - bits;
        heads_.resize(std::size_t{1} << bits);
        after_.push_back(0);
    }

    /// The leader, by number, of largest index with `genome`, at least `related`; -1: none.
    std::int64_t nearest(std::size_t genome, double related);

    /// Make the genome last asked for a leader.
    void add(std::size_t genome);

    std::size_t genome_of(std::int64_t leader) const {
        return leaders_[static_cast<std::size_t>(leader)];
    }

  private:
    std::span<const std::uint64_t> indexed(std::size_t genome) const {
        const auto hashes = all_.of(genome);
        return hashes.first(std::min(hashes.size(), INDEXED));
    }
    std::size_t slot(std::uint64_t hash) const {
        return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15u >> shift_);
    }
    void count_shared_with(std::span<const std::uint64_t> hashes);
    std::size_t most_shared(std::array<std::size_t, COMPARED>& best) const;

    const Sketches& all_;
    int shift_;
    std::vector<std::size_t> leaders_;
    /// An entry is INDEXED * leader + place of the hash in its sketch, plus 1; 0 is none. Lists of
    /// entries, one a slot: its head, and for each entry the next one.
    std::vector<std::uint32_t> heads_;
    std::vector<std::uint32_t> after_;
    /// How many hashes each leader shares with the genome asked for, and which leaders any.
    std::vector<std::uint32_t> shared_;
    std::vector<std::size_t> touched_;
    /// How many leaders hold each of the genome's hashes.
    std::array<std::size_t, INDEXED> held_{};
};

void Leaders::count_shared_with(std::span<const std::uint64_t> hashes) {
    for (const std::size_t leader : touched_) shared_[leader] = 0;
    touched_.clear();
    for (std::size_t e = 0; e < hashes.size(); ++e) {
        std::size_t found = 0;
        for (std::uint32_t entry = heads_[slot(hashes[e])]; entry; entry = after_[entry]) {
            const std::size_t leader = (entry - 1) / INDEXED;
            if (all_.of(leaders_[leader])[(entry - 1) % INDEXED] != hashes[e]) continue;
            if (shared_[leader]++ == 0) touched_.push_back(leader);
            ++found;
        }
        held_[e] = found;
    }
}

/// Gather those that share most, the earlier of equals first; returns how many.
std::size_t Leaders::most_shared(std::array<std::size_t, COMPARED>& best) const {
    std::size_t count = 0;
    for (const std::size_t leader : touched_) {
        std::size_t at = count;
        for (; at > 0; --at) {
            const std::size_t other = best[at - 1];
            if (shared_[other] > shared_[leader] ||
                (shared_[other] == shared_[leader] && other < leader)) {
                break;
            }
            if (at < COMPARED) best[at] = other;
        }
        if (at < COMPARED) {
            best[at] = leader;
            count = std::min(count + 1, COMPARED);
        }
    }
    return count;
}

std::int64_t Leaders::nearest(std::size_t genome, double related) {
    count_shared_with(indexed(genome));
    std::array<std::size_t, COMPARED> best;
    const std::size_t count = most_shared(best);
    std::int64_t found = -1;
    double score = related;
    for (std::size_t k = 0; k < count; ++k) {
        const double value = jaccard(all_, genome, leaders_[best[k]]);
        const auto leader = static_cast<std::int64_t>(best[k]);
        if (value > score || (value == score && (found < 0 || leader < found))) {
            score = value;
            found = leader;
        }
    }
    return found;
}

void Leaders::add(std::size_t genome) {
    const auto hashes = indexed(genome);
    const std::size_t first = INDEXED * leaders_.size() + 1;
    leaders_.push_back(genome);
    after_.resize(first + INDEXED);
    for (std::size_t e = 0; e < hashes.size(); ++e) {
        if (held_[e] >= COMMON) continue;
        std::uint32_t& head = heads_[slot(hashes[e])];
        after_[first + e] = head;
        head = static_cast<std::uint32_t>(first + e);
    }
}

}  // namespace

std::vector<std::int64_t> assign_groups(const Sketches& all, std::span<const std::int64_t> order,
                                        std::span<const std::int64_t> given, double related,
                                        std::int64_t fresh) {
    Leaders leaders(all);
    std::vector<std::int64_t> groups(given.begin(), given.end());
    for (const std::int64_t place : order) {
        const auto genome = static_cast<std::size_t>(place);
        const std::int64_t nearest = leaders.nearest(genome, related);
        if (nearest >= 0) {
            const std::int64_t group = groups[leaders.genome_of(nearest)];
            if (given[genome] < 0) groups[genome] = group;
            if (groups[genome] == group) continue;
        } else if (given[genome] < 0) {
            groups[genome] = fresh++;
        }
        leaders.add(genome);
    }
    return groups;
}

}  // namespace seqcoder
