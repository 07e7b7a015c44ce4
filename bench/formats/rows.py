"""What bench/formats/formats.py measures: edit this file to add a row.

A format of WEIGHTS gives one row per method; a line of SINGLE gives one row. Both are options of quant-compile as they
would be typed; a row that says nothing of activations gets float ones.
"""

# Formats of all linear layers, from many bits to few.
WEIGHTS = """
rtn8g0 rtn4g32 rtn3g32 rtn2g32 int8t int8g0 int4g32 int3g32
vsq8v16s6 vsq4v16s6 vsq4v16s10 vsq4v16sf vsq4v16s4 vsq3v16s4 vsq2v16s4 mxfp4 nvfp4
bcq8g32 bcq4g32 bcq4g32f bcq3g32 bcq3g32f bcq3g64 bcq3g64f bcqrefined3g32f bcqgreedy3g32f bcq2g32 bcq2g32f
bcq1g32 bcq1g32f binaryg32
bcq4g32z bcq3g32z bcq3g32fz bcq2g32z bcq1g32z
ternaryg32 ternaryg32a ternaryg64
""".split()

# (name, options, formats by regular expression): what is done to find the codes and scales. Calibration text is written
# by the model itself, so that it is not the text that is scored.
METHODS = [
    ("from the weights alone", "", ""),
    ("compensated", "--calibrate self --compensate", "^([a-z]+[1-4]|ternary|binary|mxfp|nvfp)"),
]

# (section, options): a row each.
SINGLE = [
    ("Activations of 8 bits, one scale per token", "--format rtn8g0 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format rtn4g32 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format vsq4v16s6 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format bcq4g32 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format bcq3g32 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format bcq2g32 --activations i8"),
    ("Activations of 8 bits, one scale per token", "--format ternaryg32 --activations i8"),
    ("Activations of 16 bits, one scale per token", "--format rtn8g0 --activations i16"),
    ("Activations with scales of vectors", "--format vsq8v16s6 --activations vsq8v16s6"),
    ("Activations with scales of vectors", "--format vsq4v16s6 --activations vsq8v16s6"),
    ("Activations with scales of vectors", "--format vsq4v16s4 --activations vsq4v16s4"),
    ("Activations with scales of vectors", "--format vsq4v16s4 --activations vsq4v16s4p6"),
    ("Activations of fewer bits", "--format rtn8g0 --activations b6"),
    ("Activations of fewer bits", "--format rtn8g0 --activations b4"),
    ("Activations of fewer bits", "--format bcq4g32 --activations b6"),
    ("Activations of fewer bits", "--format bcq4g32 --activations b4"),
    ("Activations of fewer bits", "--format bcq2g32 --activations b4"),
    ("Activations of fewer bits", "--format ternaryg32 --activations b4"),
    ("Activations of fewer bits", "--format ternaryg32 --activations b2"),
    ("Activations of fewer bits", "--format binaryg32 --activations b4"),
    ("Activations of fewer bits", "--format binaryg32 --activations b1"),
]
