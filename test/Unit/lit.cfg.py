# GoogleTest programs of the build tree, one lit test per GoogleTest case.
import os

import lit.formats

config.name = "Halftone-Unit"
config.suffixes = []
config.test_source_root = os.path.join(config.halftone_build, "test", "unit")
config.test_exec_root = config.test_source_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
