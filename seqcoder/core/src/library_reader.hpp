// Follows library proteins along the genes of a chunk, and says what residue comes next.
#pragma once

#include <algorithm>
#include <utility>

#include "library.hpp"

namespace seqcoder {

/// One coder's place in the library. It sees every base of a chunk in turn.
///
/// Where the classes say that a gene is being read, the last six codons, translated, are looked
/// up; a library protein that agrees is followed residue by residue, two at once at the most.
class LibraryReader {
  public:
    explicit LibraryReader(const Library& library) : library_(library) {}

    /// Context numbers below LIBRARY_CONTEXTS of the best alignment and of both, 0 where there is
    /// nothing to say.
    u32 context(size_t table) const { return contexts_[table]; }
    /// How well the best alignment has agreed: 0 (there is none) to 8.
    u32 confidence() const { return confidence_; }

    /// Say what is known of the base whose class is `cls` and before which `forward` was read.
    ///
    /// `coming` is the base itself and the two after it where they are known (an encoder), so that
    /// memory can be asked for ahead; -1 where they are not.
    void step(u32 cls, u64 forward, i32 coming) {
        contexts_[0] = contexts_[1] = confidence_ = 0;
        if (cls == 0 || cls > 6) {
            expected_ = 0;
            forget();
            return;
        }
        if (cls != expected_) {
            known_ = 0;
            forget();
        }
        const bool opposite = cls > 3;
        u32 prefix = 0;
        if (cls == 1 || cls == 6) {
            if (known_ == 3) advance(residue_of(static_cast<u32>(forward), opposite), opposite);
            known_ = 1;
            if (coming >= 0 && will_look_up())
                library_.prefetch_group(next_key(static_cast<u32>(coming), opposite));
        } else if (known_ == 1) {
            known_ = 2;
            prefix = 1 + (forward & 3);
            if (coming >= 0 && will_look_up()) {
                const u32 codon =
                    static_cast<u32>((forward & 3) << 4) | static_cast<u32>(coming) >> 2;
                library_.prefetch_entries(next_key(codon, opposite));
            }
        } else if (known_ == 2) {
            known_ = 3;
            prefix = 5 + (forward & 15);
            if (coming < 0 && will_look_up())
                for (u32 third = 0; third < 4; ++third)
                    library_.prefetch_entries(
                        next_key(static_cast<u32>(forward << 2) | third, opposite));
        } else {
            known_ = 0;
        }
        expected_ = opposite ? (cls > 4 ? cls - 1 : 6) : (cls < 3 ? cls + 1 : 1);
        if (known_ > 0 && first_.at > 0) say(opposite, prefix);
    }

  private:
    static constexpr u32 WINDOW = 16;  // residues over which agreement is counted
    static constexpr int KEEP = 4;     // fewer agreements than this end an alignment
    static constexpr int SURE = 13;    // at so many nothing else is looked for

    /// A place in the library's residues (0: none), and where the last sixteen residues agreed.
    struct Alignment {
        u32 at = 0;
        u32 past = 0;

        int agreed() const { return at > 0 ? std::popcount(past) : -1; }
    };

    void forget() {
        run_ = 0;
        first_.at = second_.at = 0;
    }
    bool will_look_up() const {
        return run_ + 1 >= SEED && (first_.at == 0 || std::popcount(first_.past) <= SURE);
    }
    u32 residue_of(u32 codon, bool opposite) const {
        return opposite ? code_.backward[codon & 63] : code_.forward[codon & 63];
    }
    /// The key of the last six residues in the order of the protein, `residue` being the latest.
    u32 key_with(u32 residue, bool opposite) const {
        return opposite ? key_ >> 5 | residue << (5 * (SEED - 1))
                        : (key_ << 5 | residue) & KEY_MASK;
    }
    u32 next_key(u32 codon, bool opposite) const {
        return key_with(residue_of(codon, opposite), opposite);
    }

    /// Move an alignment over `residue`; it ends at a gap or when it agrees too little. `at` is
    /// inside: residues begin and end with a gap, and an alignment that meets one is gone.
    void move(Alignment& a, u32 residue, bool opposite) const {
        if (a.at == 0) return;
        const u8* residues = library_.residues();
        a.past = (a.past << 1 | (residues[a.at] == residue)) & 0xFFFF;
        a.at = opposite ? a.at - 1 : a.at + 1;
        const bool keep =
            residues[a.at] < GAP && (a.past & 63) != 0 && std::popcount(a.past) >= KEEP;
        if (!keep) a.at = 0;
    }

    /// Take note of a codon's residue; move, end and find alignments.
    void advance(u32 residue, bool opposite) {
        move(first_, residue, opposite);
        move(second_, residue, opposite);
        if (first_.at == 0) {
            first_ = second_;
            second_.at = 0;
        }
        latest_[run_ % RING] = static_cast<u8>(residue);
        ++run_;
        key_ = key_with(residue, opposite);
        if (run_ >= SEED && first_.agreed() < SURE) look_up(opposite);
        if (second_.at > 0 && second_.agreed() > first_.agreed()) std::swap(first_, second_);
    }

    void look_up(bool opposite) {
        const Library::Found found = library_.find(key_);
        const u8* residues = library_.residues();
        for (const u32* entry = found.first; entry != found.last; ++entry) {
            if (library_.tag(*entry) != found.tag) continue;
            // An entry is at least SEED + 1, as a gap and a seed lie before it, and at most the
            // place of the last gap.
            const u32 after = library_.position(*entry);
            const u32 at = opposite ? after - SEED - 1 : after;
            if (residues[at] >= GAP || at == first_.at || at == second_.at) continue;
            Alignment a{at, 0};
            if (!compare(a, opposite)) continue;
            if (a.agreed() > first_.agreed()) {
                if (first_.agreed() > second_.agreed()) second_ = first_;
                first_ = a;
            } else if (a.agreed() > second_.agreed()) {
                second_ = a;
            }
        }
    }

    /// Compare the latest residues with those before a place; false unless the seed agrees. A gap
    /// ends it, so that nothing outside is read.
    bool compare(Alignment& a, bool opposite) const {
        const u8* residues = library_.residues();
        const u32 most = std::min(run_, WINDOW);
        for (u32 back = 1; back <= most; ++back) {
            const u32 theirs = residues[opposite ? a.at + back : a.at - back];
            if (theirs == GAP) break;
            if (theirs == latest_[(run_ - back) % RING]) {
                a.past |= 1u << (back - 1);
            } else if (back <= SEED) {
                return false;
            }
        }
        return true;
    }

    /// How well an alignment agreed, in sixteen grades: pairs of agreements, and the latest one.
    static u32 grade(const Alignment& a) {
        const u32 agreed = static_cast<u32>(std::min(std::popcount(a.past), 15));
        return (agreed >> 1) * 2 + (a.past & 1);
    }

    /// Context numbers: a residue is below GAP, so at most 1 + (31 * 21 + 30) * 21 + 20 = 14,322
    /// for the best alignment; for both at most 10,752 where they agree, and 16,384 + 14,321 where
    /// they do not.
    void say(bool opposite, u32 prefix) {
        const u8* residues = library_.residues();
        const u32 strand = opposite ? 16 : 0;
        const u32 best = grade(first_);
        const u32 residue = residues[first_.at];
        contexts_[0] = 1 + ((strand + best) * RESIDUES + residue) * 21 + prefix;
        confidence_ = 1 + (best >> 1);
        if (second_.at == 0) return;
        const u32 other = grade(second_);
        const u32 other_residue = residues[second_.at];
        contexts_[1] = residue == other_residue
                           ? 1 + ((strand + best) * 16 + other) * 21 + prefix
                           : 16384 + ((strand + other) * RESIDUES + other_residue) * 21 + prefix;
    }

    static constexpr u32 RING = 32;

    const Library& library_;
    const GeneticCode& code_ = genetic_code();
    u32 expected_ = 0;  // the class that goes on with the gene
    u32 known_ = 0;     // bases of the codon so far, the one at hand included; 0: not in step
    u32 run_ = 0;       // residues read of the gene
    u32 key_ = 0;
    Alignment first_, second_;
    u8 latest_[RING] = {};
    u32 contexts_[2] = {};
    u32 confidence_ = 0;
};

}  // namespace seqcoder
