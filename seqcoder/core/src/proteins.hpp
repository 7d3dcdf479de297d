// Proteins of a genome: its genes as the classes of its bases name them, translated.
#pragma once

#include <vector>

#include "integers.hpp"

namespace seqcoder {

/// Residues of all genes of `shortest` codons or more (at least 1), in the order of the genome,
/// each gene in its own direction and ended by GAP. A gene is a run of classes 1 2 3 1 2 3 ... or,
/// read on the opposite strand, 6 5 4 6 5 4 ...; of `bases` the low two bits count, `classes` may
/// be any.
std::vector<u8> translate_genes(const u8* bases, const u8* classes, size_t n, size_t shortest);

}  // namespace seqcoder
