#include <algorithm>

#include "bindings.hpp"
#include "library_choice.hpp"
#include "proteins.hpp"
#include "results.hpp"

namespace seqcoder {

using Bytes = In<u8>;
using Residues = nb::ndarray<nb::numpy, u8, nb::ndim<1>>;

static Residues translate(Bytes bases, Bytes classes, size_t shortest) {
    require(classes.size() == bases.size(), "classes: not one a base");
    require(shortest >= 1, "shortest: must be positive");
    std::vector<u8> residues;
    {
        nb::gil_scoped_release release;
        residues = translate_genes(bases.data(), classes.data(), bases.size(), shortest);
    }
    return to_array(std::move(residues));
}

static OwnedResidues owned(const Bytes& residues, const In<i32>& owners, size_t genomes) {
    require(residues.size() <= CreditTask::MOST_RESIDUES, "residues: too many");
    require(owners.size() == residues.size(), "owners: not one a residue");
    require(std::all_of(owners.data(), owners.data() + owners.size(),
                        [&](i32 owner) { return owner >= 0 && owner < static_cast<i64>(genomes); }),
            "owners: there is no such genome");
    return {residues.data(), owners.data(), residues.size()};
}

static u64 credit(Bytes library, In<i32> library_owners, Bytes worth, Bytes proteins,
                  In<i32> protein_owners, In<bool, 2> near, In<float, 3> gains, size_t every,
                  size_t turn, Out<float> credit, Out<u64, 2> foretold) {
    const size_t genomes = near.shape(0);
    const size_t blocks = count_credit_blocks(library.size());
    require(near.shape(1) == genomes, "near: not square");
    require(gains.shape(0) == genomes && gains.shape(1) == CREDIT_GRADES && gains.shape(2) == 2,
            "gains: wrong shape");
    require(worth.size() == blocks, "worth: not one a block");
    require(credit.size() == blocks, "credit: not one a block");
    require(foretold.shape(0) == CREDIT_GRADES && foretold.shape(1) == 2, "foretold: wrong shape");
    require(every >= 1 && turn < every, "turn: not below every");
    nb::gil_scoped_release release;
    const CreditTask task{.library = owned(library, library_owners, genomes),
                          .worth = worth.data(),
                          .proteins = owned(proteins, protein_owners, genomes),
                          .every = every,
                          .turn = turn,
                          .genomes = genomes,
                          .near = near.data(),
                          .gains = gains.data()};
    return credit_blocks(task, credit.data(), foretold.data());
}

void bind_training(nb::module_& module) {
    // An array of another dtype is refused, not copied: what is written would go into the copy.
    const auto array = [](const char* name) { return nb::arg(name).noconvert(); };
    module.attr("CREDIT_BLOCK") = CREDIT_BLOCK;
    module.attr("CREDIT_GRADES") = CREDIT_GRADES;
    module.def("translate_genes", &translate, array("bases"), array("classes"),
               nb::arg("shortest"));
    module.def("credit_blocks", &credit, array("library"), array("library_owners"), array("worth"),
               array("proteins"), array("protein_owners"), array("near"), array("gains"),
               nb::arg("every"), nb::arg("turn"), array("credit"), array("foretold"));
}

}  // namespace seqcoder
