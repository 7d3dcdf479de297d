// What each `bind_*.cpp` adds to the module; `module.cpp` calls them all.
#pragma once

#include <nanobind/nanobind.h>

namespace seqcoder {

void bind_fasta(nanobind::module_& module);
void bind_latent(nanobind::module_& module);
void bind_network(nanobind::module_& module);
void bind_pangenome(nanobind::module_& module);
void bind_copying(nanobind::module_& module);
void bind_sketches(nanobind::module_& module);
void bind_mixing(nanobind::module_& module);
void bind_training(nanobind::module_& module);
void bind_twobit(nanobind::module_& module);
void bind_walks(nanobind::module_& module);

}  // namespace seqcoder
