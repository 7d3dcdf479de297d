#include "library_choice.hpp"

#include <algorithm>

#include "library.hpp"
#include "zeroed.hpp"

namespace seqcoder {
namespace {

constexpr size_t SEED = 6;       // residues that must agree before an alignment begins
constexpr size_t COMPARED = 16;  // residues compared before a place
constexpr u32 MOST_TRIED = 24;   // places looked at for a seed
constexpr u32 LEAST_AGREED = 4;  // fewer agreements of the last 16 end an alignment
constexpr u32 SURE = 13;         // at so many no other is looked for
constexpr u64 SEED_KEYS = (u64{1} << (5 * SEED)) - 1;

u64 next_key(u64 key, u8 residue) { return (key << 5 | residue) & SEED_KEYS; }

/// All places of a library that follow a seed, those of one slot chained, the last one first.
///
/// The index of `Library` keeps fifteen places a slot, whosever they are; here those of other
/// families must be found however many relatives lie behind them.
class SeedChains {
  public:
    explicit SeedChains(const OwnedResidues& library)
        : shift_(library.size > size_t{1} << 24 ? 64 - 25 : 64 - 22),
          last_(size_t{1} << (64 - shift_)),
          before_(library.size) {
        u64 key = 0;
        size_t run = 0;
        for (size_t place = 0; place < library.size; ++place) {
            if (run >= SEED) {
                u32& last = last_[slot_of(key)];
                before_[place] = last;
                last = static_cast<u32>(place) + 1;  // place < 2^31
            }
            run = library.residues[place] == GAP ? 0 : run + 1;
            key = next_key(key, library.residues[place]);
        }
    }

    /// One more than the last place of a seed, than the one before that, ...; 0: there is none.
    u32 last(u64 key) const { return last_[slot_of(key)]; }
    u32 before(size_t place) const { return before_[place]; }

  private:
    size_t slot_of(u64 key) const { return key * HASH >> shift_; }

    unsigned shift_;
    Zeroed<u32> last_;
    Zeroed<u32> before_;
};

/// A place in the library, and which of the residues before it agreed (the latest one: bit 0).
struct Alignment {
    size_t place = 0;
    u32 past = 0;
    bool followed = false;

    u32 agreed() const { return static_cast<u32>(std::popcount(past)); }
    u32 grade() const { return 2 * agreed() + (past & 1); }  // past < 2^16: at most 33
};

class CreditReader {
  public:
    CreditReader(const CreditTask& task, float* credit, u64* foretold)
        : task_(task), chains_(task.library), credit_(credit), foretold_(foretold) {}

    void read_protein(size_t begin, size_t end) {
        const u8* residues = task_.proteins.residues;
        const auto genome = static_cast<size_t>(task_.proteins.owners[begin]);
        const float* gains = task_.gains + genome * CREDIT_GRADES * 2;
        Alignment now;
        u64 key = 0;
        for (size_t t = begin; t < end; ++t) {
            if (now.followed && !goes_on(now)) now.followed = false;
            if (t - begin >= SEED && (!now.followed || now.agreed() < SURE)) {
                const Alignment other = best_place(key, residues + t, t - begin, genome);
                // Where that is the place at hand it agrees as well as before, no better.
                if (other.followed && (!now.followed || other.agreed() > now.agreed())) now = other;
            }
            if (now.followed) {
                const u32 right = task_.library.residues[now.place] == residues[t];
                const size_t kind = 2 * now.grade() + right;
                credit_[now.place / CREDIT_BLOCK] += gains[kind];
                ++foretold_[kind];
                now.past = (now.past << 1 | right) & 0xFFFF;
                ++now.place;
            }
            key = next_key(key, residues[t]);
        }
    }

  private:
    bool goes_on(const Alignment& now) const {
        return now.place < task_.library.size && task_.library.residues[now.place] != GAP &&
               now.agreed() >= LEAST_AGREED && (now.past & 63) != 0;
    }

    /// The place after a seed that agrees best with the `known` residues before `next`; of equals
    /// that of the worthiest block, of those again the last one.
    Alignment best_place(u64 key, const u8* next, size_t known, size_t genome) const {
        const OwnedResidues& library = task_.library;
        Alignment best;
        u32 most = 0;
        u32 tried = 0;
        for (u32 found = chains_.last(key); found != 0 && tried < MOST_TRIED;) {
            const size_t place = found - 1;
            found = chains_.before(place);
            const auto owner = static_cast<size_t>(library.owners[place]);
            if (task_.near[owner * task_.genomes + genome] || library.residues[place] == GAP)
                continue;
            ++tried;
            // At least SEED residues lie before a place that is chained, and so many are known.
            const u32 past =
                compare(library.residues + place, next, std::min({known, place, COMPARED}));
            if ((~past & ((1u << SEED) - 1)) != 0) continue;  // another seed of the slot
            const Alignment candidate{place, past, true};
            const u32 rank = 256 * candidate.agreed() + task_.worth[place / CREDIT_BLOCK];
            if (rank > most) {
                most = rank;
                best = candidate;
            }
        }
        return best;
    }

    /// Which of the `count` residues before two places agree; a gap in the library ends it.
    static u32 compare(const u8* library, const u8* next, size_t count) {
        u32 past = 0;
        for (size_t back = 1; back <= count; ++back) {
            const u8 theirs = *(library - back);
            if (theirs == GAP) break;
            past |= u32{theirs == *(next - back)} << (back - 1);
        }
        return past;
    }

    const CreditTask& task_;
    SeedChains chains_;
    float* credit_;
    u64* foretold_;
};

}  // namespace

u64 credit_blocks(const CreditTask& task, float* credit, u64* foretold) {
    CreditReader reader(task, credit, foretold);
    const u8* residues = task.proteins.residues;
    const size_t n = task.proteins.size;
    u64 read = 0;
    size_t number = 0;
    for (size_t begin = 0; begin < n;) {
        const auto end =
            static_cast<size_t>(std::find(residues + begin, residues + n, GAP) - residues);
        if (++number % task.every == task.turn) {
            reader.read_protein(begin, end);
            read += end - begin;
        }
        begin = end + 1;
    }
    return read;
}

}  // namespace seqcoder
