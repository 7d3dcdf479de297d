// Follows library proteins along the genes of a chunk, and says what residue comes next.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "library.hpp"

namespace seqcoder {

/// One coder's place in the library. It sees every base of a chunk in turn.
///
/// Where the classes say that a gene is being read, the last ten codons, translated, are looked up;
/// library proteins that agree are followed residue by residue, six at once at the most, and vote
/// for the next one.
class LibraryReader {
  public:
    /// `genes` (or null) are read beside the library, and looked up after it.
    explicit LibraryReader(const Library& library, const Library* genes = nullptr)
        : library_(library), genes_(genes) {
        std::fill(rising_, rising_ + WINDOW, GAP);
        std::fill(falling_ + BUFFER - WINDOW, falling_ + BUFFER, GAP);
    }

    /// Context numbers below LIBRARY_CONTEXTS of what the alignments vote for and of what else one
    /// of them says, 0 where there is nothing to say.
    u32 context(size_t table) const { return contexts_[table]; }
    /// How well the best alignment of the vote has agreed: 0 (there is none) to 8.
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
            if (coming >= 0 && will_look_up(opposite))
                prefetch_group(next_key(static_cast<u32>(coming), opposite));
        } else if (known_ == 1) {
            known_ = 2;
            prefix = 1 + (forward & 3);
            if (will_look_up(opposite)) {
                const u32 first = static_cast<u32>(forward) & 3;
                if (coming >= 0) {
                    const u32 codon = first << 4 | static_cast<u32>(coming) >> 2;
                    prefetch_entries(next_key(codon, opposite));
                } else {
                    prefetch_groups(first, opposite);
                }
            }
        } else if (known_ == 2) {
            known_ = 3;
            prefix = 5 + (forward & 15);
            if (coming < 0 && will_look_up(opposite))
                prefetch_all(static_cast<u32>(forward), opposite);
        } else {
            known_ = 0;
        }
        expected_ = opposite ? (cls > 4 ? cls - 1 : 6) : (cls < 3 ? cls + 1 : 1);
        if (known_ == 0 || count_ == 0) return;
        contexts_[0] = vote_ + prefix;
        contexts_[1] = other_ == 0 ? 0 : other_ + prefix;
        confidence_ = sure_;
    }

  private:
    static constexpr size_t MOST = 6;  // alignments at once
    static constexpr u32 NEEDED = 8;   // fewer agreements of sixteen do not begin one
    static constexpr u32 KEPT = 4;     // and fewer than this end it
    static constexpr u32 SURE = 14;    // at so many nothing else is looked for

    /// A place in residues, and where the last sixteen agreed (the latest: bit 0).
    struct Alignment {
        const u8* at;
        u32 past;

        u32 agreed() const { return static_cast<u32>(std::popcount(past)); }
    };

    void forget() {
        run_ = 0;
        count_ = 0;
    }
    /// Whether there may be something to find once the codon at hand is read.
    bool will_look_up(bool opposite) const {
        // The anchor is not the residue to come.
        return run_ + 1 >= SEED_SPAN && is_anchored(key_with_letter(0, opposite)) &&
               (count_ == 0 || best_[0].agreed() <= SURE);
    }
    u32 residue_of(u32 codon, bool opposite) const {
        return opposite ? code_.backward[codon & 63] : code_.forward[codon & 63];
    }
    /// The key of the last ten residues in the order of the protein, `residue` being the latest.
    u64 key_with(u32 residue, bool opposite) const {
        return key_with_letter(code_.letter[residue], opposite);
    }
    u64 key_with_letter(u64 letter, bool opposite) const {
        return opposite ? key_ >> 4 | letter << (4 * (SEED_SPAN - 1))
                        : (key_ << 4 | letter) & KEY_MASK;
    }
    u64 next_key(u32 codon, bool opposite) const {
        return key_with(residue_of(codon, opposite), opposite);
    }
    void prefetch_group(u64 key) const {
        library_.prefetch_group(key);
        if (genes_ != nullptr) genes_->prefetch_group(key);
    }
    void prefetch_entries(u64 key) const {
        library_.prefetch_entries(key);
        if (genes_ != nullptr) genes_->prefetch_entries(key);
    }
    /// Ask for the group of every key that may come behind a codon's first base.
    void prefetch_groups(u32 first, bool opposite) const {
        const GeneticCode::Letters& letters = code_.after[opposite][first];
        for (u32 k = 0; k < letters.count; ++k)
            prefetch_group(key_with_letter(letters.letter[k], opposite));
    }
    /// Ask for the entries of every key that may come. Most codons that differ by A and G or C and
    /// T at the end mean residues of the same letter, and so the same key.
    void prefetch_all(u32 first_two, bool opposite) const {
        u64 keys[4];
        for (u32 third = 0; third < 4; ++third) {
            keys[third] = next_key(first_two << 2 | third, opposite);
            if (third < 2 || keys[third] != keys[third - 2]) prefetch_entries(keys[third]);
        }
    }

    /// Take note of a codon's residue; move, end and find alignments, and let them vote.
    void advance(u32 residue, bool opposite) {
        move(residue, opposite);
        note(static_cast<u8>(residue));
        ++run_;
        key_ = key_with(residue, opposite);
        if (run_ >= SEED_SPAN && is_anchored(key_) && (count_ == 0 || best_[0].agreed() < SURE))
            look_up(opposite);
        if (count_ > 0) vote(opposite);
    }

    /// Keep a residue among the latest, written towards the low end in one buffer and towards the
    /// high end in the other, so that nothing is moved until an end is reached.
    void note(u8 residue) {
        if (noted_ == BUFFER - WINDOW) {
            std::memcpy(falling_ + BUFFER - WINDOW, falling_, WINDOW);
            std::memcpy(rising_, rising_ + BUFFER - WINDOW, WINDOW);
            noted_ = 0;
        }
        rising_[WINDOW + noted_] = residue;
        falling_[BUFFER - WINDOW - 1 - noted_] = residue;
        ++noted_;
    }
    const u8* oldest_first() const { return rising_ + noted_; }
    const u8* latest_first() const { return falling_ + BUFFER - WINDOW - noted_; }

    /// Move the alignments over `residue`; one ends at a gap or when it agrees too little. `at` is
    /// inside: residues begin and end with a gap, and an alignment that meets one is gone.
    void move(u32 residue, bool opposite) {
        size_t kept = 0;
        for (size_t k = 0; k < count_; ++k) {
            Alignment a = best_[k];
            a.past = (a.past << 1 | (*a.at == residue)) & 0xFFFF;
            a.at = opposite ? a.at - 1 : a.at + 1;
            if (*a.at < GAP && (a.past & 63) != 0 && a.agreed() >= KEPT) enter(a, kept++);
        }
        count_ = kept;
    }

    /// Put an alignment behind those of the first `count` that agree as well or better.
    void enter(Alignment a, size_t count) {
        size_t k = count;
        for (; k > 0 && best_[k - 1].agreed() < a.agreed(); --k) best_[k] = best_[k - 1];
        best_[k] = a;
    }

    void look_up(bool opposite) {
        look_up(library_, opposite);
        if (genes_ != nullptr) look_up(*genes_, opposite);
    }

    void look_up(const Library& library, bool opposite) {
        const u8* const residues = library.residues();
        const Library::Found found = library.find(key_);
        if ((found.matches & (found.matches - 1)) != 0)  // several: their residues come together
            for (u32 left = found.matches; left != 0; left &= left - 1)
                prefetch(residues + library.position(found.entries[std::countr_zero(left)]));
        for (u32 left = found.matches; left != 0; left &= left - 1) {
            // An entry has WINDOW gaps and a seed before it; a gap may be there, which agrees with
            // nothing.
            const u8* after = residues + library.position(found.entries[std::countr_zero(left)]);
            consider(opposite ? after - SEED_SPAN - 1 : after, opposite);
        }
    }

    void consider(const u8* at, bool opposite) {
        if (*at >= GAP) return;
        for (size_t k = 0; k < count_; ++k)
            if (best_[k].at == at) return;
        const Alignment a{at, compare(at, opposite)};
        if (a.agreed() < NEEDED) return;
        if (count_ < MOST) {
            enter(a, count_++);
        } else if (a.agreed() > best_[MOST - 1].agreed()) {
            enter(a, MOST - 1);
        }
    }

    /// The lowest sixteen bits in the opposite order.
    static u32 reversed(u32 bits) {
        bits = (bits & 0x5555) << 1 | (bits >> 1 & 0x5555);
        bits = (bits & 0x3333) << 2 | (bits >> 2 & 0x3333);
        bits = (bits & 0x0F0F) << 4 | (bits >> 4 & 0x0F0F);
        return (bits & 0x00FF) << 8 | bits >> 8;
    }

    /// Compare the latest residues with those before a place; a gap ends it.
    u32 compare(const u8* at, bool opposite) const {
        // Forwards the latest residue lies last, backwards first.
        const u8* theirs = opposite ? at + 1 : at - WINDOW;
        const u8* mine = opposite ? latest_first() : oldest_first();
        u32 equal = 0, gaps = 0;
#if defined(__SSE2__)
        const auto load = [](const u8* from) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        };
        const __m128i there = load(theirs);
        equal = static_cast<u32>(_mm_movemask_epi8(_mm_cmpeq_epi8(there, load(mine))));
        gaps = static_cast<u32>(
            _mm_movemask_epi8(_mm_cmpeq_epi8(there, _mm_set1_epi8(static_cast<char>(GAP)))));
#else
        for (u32 k = 0; k < WINDOW; ++k) {
            equal |= u32{theirs[k] == mine[k]} << k;
            gaps |= u32{theirs[k] == GAP} << k;
        }
#endif
        if (!opposite) {
            equal = reversed(equal);
            gaps = reversed(gaps);
        }
        const u32 read = run_ < WINDOW ? (1u << run_) - 1 : 0xFFFF;
        return equal & (gaps - 1) & ~gaps & read;
    }

    /// Whether a place is in the genes beside the library.
    bool of_genes(const u8* at) const {
        return genes_ != nullptr && std::less_equal<const u8*>{}(genes_->residues(), at) &&
               std::less<const u8*>{}(at, genes_->residues() + genes_->size());
    }

    /// Sixteen grades: pairs of agreements (at most 15), and whether the latest residue agreed.
    static u32 grade(u32 agreed, const Alignment& a) {
        return (std::min(agreed, 15u) & 14) + (a.past & 1);
    }

    /// Each alignment has as many votes as the cube of its agreements; of equals, the earliest
    /// wins. The grade of a vote is that of its best alignment, raised by two agreements for each
    /// other one that supports it and lowered by one for each that does not.
    ///
    /// Context numbers: a residue is below GAP, so at most 1 + (31 * 21 + 30) * 21 + 20 = 14,322
    /// for the vote; for another place at most 10,752 where it agrees, and 16,384 + 14,321 where
    /// it does not.
    void vote(bool opposite) {
        u32 says[MOST], weight[MOST];
        for (size_t k = 0; k < count_; ++k) {
            const u32 agreed = best_[k].agreed();
            says[k] = *best_[k].at;
            weight[k] = agreed * agreed * agreed;
        }
        u32 most = 0, supporters = 0;
        size_t first = 0;
        for (size_t k = 0; k < count_; ++k) {
            u32 votes = 0, same = 0;  // at most 6 * 16^3
            for (size_t m = 0; m < count_; ++m) {
                votes += says[m] == says[k] ? weight[m] : 0;
                same += says[m] == says[k];
            }
            if (votes > most) {
                most = votes;
                first = k;
                supporters = same;
            }
        }
        const u32 strand = opposite ? 16 : 0;
        const u32 own = of_genes(best_[first].at) ? GENES_CONTEXTS : 0;
        const u32 residue = says[first];
        const auto others = static_cast<u32>(count_) - supporters;
        const u32 raised = best_[first].agreed() + 2 * (supporters - 1);
        const u32 best = grade(raised > others ? raised - others : 0, best_[first]);
        vote_ = own + 1 + ((strand + best) * RESIDUES + residue) * 21;
        sure_ = 1 + (best >> 1);
        other_ = 0;
        if (count_ == 1) return;
        for (size_t k = 0; k < count_; ++k) {
            const Alignment& a = best_[k];
            const u32 theirs = says[k];
            if (theirs == residue) continue;
            other_ = (of_genes(a.at) ? GENES_CONTEXTS : 0) + 16384 +
                     ((strand + grade(a.agreed(), a)) * RESIDUES + theirs) * 21;
            return;
        }
        const Alignment& a = best_[first == 0 ? 1 : 0];
        other_ = own + 1 + ((strand + best) * 16 + grade(a.agreed(), a)) * 21;
    }

    const Library& library_;
    const Library* genes_;
    const GeneticCode& code_ = genetic_code();
    u32 expected_ = 0;  // the class that goes on with the gene
    u32 known_ = 0;     // bases of the codon so far, the one at hand included; 0: not in step
    u32 run_ = 0;       // residues read of the gene
    u64 key_ = 0;
    size_t count_ = 0;
    Alignment best_[MOST + 1];  // those that agreed best first
    static constexpr size_t BUFFER = 1024;
    size_t noted_ = 0;          // residues in the buffers beyond the WINDOW they begin with
    u8 rising_[BUFFER];         // residues read, the latest one last
    u8 falling_[BUFFER];        // and first
    u32 vote_ = 0, other_ = 0;  // context numbers but for the codon's bases so far
    u32 sure_ = 0;
    u32 contexts_[2] = {};
    u32 confidence_ = 0;
};

}  // namespace seqcoder
