"""Checks quant-run's perplexity on standard input.

check_perplexity.py EXPECTED RELATIVE_TOLERANCE [below]    within the tolerance; with "below", any lower value is fine
check_perplexity.py EXPECTED absolute TOLERANCE            within an absolute tolerance
"""
import re
import sys

text = sys.stdin.read()
found = re.search(r"perplexity ([0-9.]+) over ([0-9]+) tokens", text)
if not found:
    sys.exit("no perplexity in: " + text)
value, expected = float(found.group(1)), float(sys.argv[1])
absolute = sys.argv[2] == "absolute"
tolerance = float(sys.argv[3]) if absolute else expected * float(sys.argv[2])
too_low = value < expected - tolerance and "below" not in sys.argv
if too_low or value > expected + tolerance:
    sys.exit("perplexity %g, expected %g within %g" % (value, expected, tolerance))
print("perplexity %g is within %g of %g" % (value, tolerance, expected))
