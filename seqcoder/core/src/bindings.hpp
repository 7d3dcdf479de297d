// What each `bind_*.cpp` adds to the module; `module.cpp` calls them all.
#pragma once

#include <nanobind/nanobind.h>

namespace seqcoder {

void bind_fasta(nanobind::module_& module);
void bind_pangenome(nanobind::module_& module);
void bind_repeats(nanobind::module_& module);
void bind_sketches(nanobind::module_& module);
void bind_twobit(nanobind::module_& module);
void bind_walks(nanobind::module_& module);

}  // namespace seqcoder
