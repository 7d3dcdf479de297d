// Choosing a protein library: what each part of a candidate would have saved on the proteins of
// genomes of other families.
#pragma once

#include "integers.hpp"

namespace seqcoder {

/// So many residues of a library earn together.
inline constexpr size_t CREDIT_BLOCK = 16;
inline constexpr size_t count_credit_blocks(size_t residues) { return residues / CREDIT_BLOCK + 1; }

/// How well an alignment has agreed: twice the agreements among the last 16 residues, and whether
/// the latest one agreed. At most 33.
inline constexpr size_t CREDIT_GRADES = 34;

/// Residues of proteins, each protein ended by GAP (the last one perhaps not), and the genome each
/// residue is from.
struct OwnedResidues {
    const u8* residues;
    const i32* owners;
    size_t size;
};

/// One reading of proteins with a candidate for the library.
struct CreditTask {
    static constexpr size_t MOST_RESIDUES = size_t{1} << 31;

    OwnedResidues library;  // at most MOST_RESIDUES
    const u8* worth;  // of each of its blocks: of places that agree alike the worthiest is read
    OwnedResidues proteins;
    size_t every, turn;  // of the proteins, numbered from 1, those are read whose number % every is
                         // turn
    size_t genomes;      // owners are below this
    const bool* near;    // [genomes][genomes]: [a][b], b must not profit from a
    const float* gains;  // [genomes][CREDIT_GRADES][2]: what a residue foretold by an alignment of
                         // a grade earns when it is another, and when it is that one
};

/// Read the proteins along the library as a coder would, one alignment at a time, and add what they
/// earn to `credit`, one a block, and the numbers of residues foretold to `foretold`
/// [CREDIT_GRADES][2]. Returns how many residues were read.
///
/// Credits are added up in the order of reading and nothing is multiplied here, so that every build
/// rounds alike.
u64 credit_blocks(const CreditTask& task, float* credit, u64* foretold);

}  // namespace seqcoder
