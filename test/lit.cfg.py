import os
import shutil
import subprocess

import lit.formats
import lit.TestingConfig

config.name = "Halftone"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test", ".c"]
config.excludes = ["Inputs", "unit", "Unit", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = os.path.join(config.halftone_source, "test")

bin_dir = os.path.join(config.halftone_build, "bin")
config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.llvm_tools_dir, config.environment.get("PATH", os.environ["PATH"])]
)
config.environment["LC_ALL"] = "C"


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith(("flags", "Features")):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


flags = cpu_flags()
if "avx2" in flags and "fma" in flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512bw", "avx512vl", "avx512dq"} <= flags:
    config.available_features.add("avx512")
if "avx512_vnni" in flags:
    config.available_features.add("avx512vnni")
if "avx512vbmi" in flags:
    config.available_features.add("avx512vbmi")
if shutil.which("qemu-aarch64") and shutil.which("aarch64-linux-gnu-gcc"):
    config.available_features.add("qemu-aarch64")

# Programs for AArch64 that need its shared libraries; and the quant-run of cmake/CrossRuntime.cmake.
aarch64_run = "qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu"
aarch64_quant_run = os.path.join(config.halftone_build, "aarch64-linux-gnu", "bin", "quant-run")
if "qemu-aarch64" in config.available_features and os.path.exists(aarch64_quant_run):
    config.available_features.add("aarch64-runtime")
config.substitutions.append(("%aarch64-quant-run", aarch64_run + " " + aarch64_quant_run))
config.substitutions.append(("%aarch64-run", aarch64_run))

# Real checkpoints live outside the project; tests that need them are unsupported where they are absent.
models = os.environ.get(
    "HALFTONE_MODELS", os.path.join(config.halftone_source, "..", "shared", "models")
)
if os.path.isdir(os.path.join(models, "stories260K")):
    config.available_features.add("models")
config.substitutions.append(("%models", os.path.realpath(models)))

# llama.cpp's libraries, installed by npm: see scripts/bench.sh.
llama_cpp = os.path.join(
    os.environ.get("HALFTONE_PEERS", ""), "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64"
)
if os.path.isdir(llama_cpp):
    config.available_features.add("llama.cpp")
config.substitutions.append(("%llama-cpp", os.path.realpath(llama_cpp)))

python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
config.substitutions.append(("%python", python))
if subprocess.call([python, "-c", "import numpy"], stderr=subprocess.DEVNULL) == 0:
    config.available_features.add("numpy")
config.substitutions.append(("%source", config.halftone_source))
config.substitutions.append(("%build", config.halftone_build))
config.substitutions.append(("%cc", config.host_cc))
