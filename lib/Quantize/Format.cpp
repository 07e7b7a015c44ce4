//===- Format.cpp - Names and parameters of weight formats ----------------===//

#include "halftone/Quantize/Format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

using namespace halftone;
using namespace llvm;

namespace {
/// One family of names: prefix, number of bits unless fixed, `g`, group.
struct Family {
  StringRef prefix;
  FormatKind kind;
  BcqSolver solver;
  unsigned minBits, maxBits; ///< 0: the name has no number of bits
  bool zeroPoint = false;    ///< uniform integers only
};
// Longer prefixes first: `bcq` begins the other two.
const Family families[] = {
    {"bcqgreedy", FormatKind::Bcq, BcqSolver::Greedy, 1, 8},
    {"bcqrefined", FormatKind::Bcq, BcqSolver::Refined, 1, 8},
    {"bcq", FormatKind::Bcq, BcqSolver::Alternating, 1, 8},
    {"binary", FormatKind::Binary, BcqSolver::Alternating, 0, 0},
    {"ternary", FormatKind::Ternary, BcqSolver::Alternating, 0, 0},
    {"rtn", FormatKind::Rtn, BcqSolver::Alternating, 2, 8},
    {"int", FormatKind::Rtn, BcqSolver::Alternating, 2, 8, /*zeroPoint=*/true},
};
constexpr int64_t maxGroup = INT32_MAX;

/// A number in a name of VS-Quant: the letters before it, what it is, and its range.
struct VsqPart {
  StringRef letters, what;
  uint64_t low, high;
};
const VsqPart vsqParts[] = {
    {"vsq", "bits of an element", 2, 8}, {"v", "elements of a vector", 8, 128}, {"s", "bits of a vector scale", 3, 10}};
} // namespace

static const Family *familyOf(const Format &format) {
  for (const Family &family : families)
    if (family.kind == format.kind && (family.kind != FormatKind::Bcq || family.solver == format.solver) &&
        (family.kind != FormatKind::Rtn || family.zeroPoint == format.offset))
      return &family;
  return nullptr;
}

std::string Format::name() const {
  if (kind == FormatKind::Vsq) {
    if (element == VsqElement::E2M1)
      return vectorScale == VsqScale::E8M0 ? "mxfp4" : "nvfp4";
    return "vsq" + utostr(bits) + (element == VsqElement::Unsigned ? "u" : "") + "v" + itostr(group) + "s" +
           (vectorScale == VsqScale::Float ? "f" : utostr(scaleBits));
  }
  const Family *family = familyOf(*this);
  if (!family)
    return "float";
  std::string text = family->prefix.str();
  if (family->maxBits)
    text += utostr(bits);
  text += perTensor ? "t" : "g" + itostr(group);
  if (planeScales || floatScales)
    text += "f";
  if (kind == FormatKind::Bcq && offset)
    text += "z";
  return text + (scalePerSign ? "a" : "");
}

int64_t Format::groupSize(int64_t cols) const { return group <= 0 || group > cols ? cols : group; }

int64_t Format::groupCount(int64_t cols) const { return cols <= 0 ? 0 : (cols - 1) / groupSize(cols) + 1; }

double Format::bitsPerWeight(int64_t rows, int64_t cols) const {
  if (kind == FormatKind::Float)
    return 32;
  double perGroup = kind == FormatKind::Vsq ? scaleBits : 16, perRow = 0;
  if (kind == FormatKind::Vsq && vectorScale == VsqScale::Integer)
    perRow = 32;
  if (kind == FormatKind::Vsq && vectorScale == VsqScale::E4M3 && rows > 0)
    perRow = 32.0 / double(rows);
  if (kind == FormatKind::Bcq)
    perGroup = planeScales ? 16.0 * bits + (offset ? 16 : 0) : 16 + 8.0 * bits + (offset ? 8 : 0);
  if (kind == FormatKind::Rtn)
    perGroup = (floatScales ? 32 : 16) + (offset ? 8 : 0);
  if (scalePerSign)
    perGroup = 32;
  if (perTensor)
    return bits + (rows > 0 && cols > 0 ? perGroup / (double(rows) * double(cols)) : 0.0);
  return bits + (cols > 0 ? (perGroup * double(groupCount(cols)) + perRow) / double(cols) : 0.0);
}

/// Takes a decimal number without leading zeros from the front of `text`.
static std::optional<uint64_t> takeNumber(StringRef &text) {
  StringRef digits = text.take_while(isDigit);
  uint64_t value;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0') || digits.getAsInteger(10, value))
    return std::nullopt;
  text = text.drop_front(digits.size());
  return value;
}

static std::string describeFormats() {
  return "formats are float, bcq<planes>g<group>, bcqgreedy<planes>g<group> and bcqrefined<planes>g<group> (planes 1 "
         "to 8, with a final f for float plane scales, z for an offset per group), binaryg<group>, ternaryg<group> "
         "(with a final a for a scale per sign), rtn<bits>g<group> and int<bits>g<group> (symmetric integers, integers "
         "with a zero point; bits 2 to 8, t instead of g<group> for one scale per tensor, with a final f for 32-bit "
         "scales), vsq<bits>v<vector>s<scale bits> (bits 2 to 8, with a final u for unsigned, vector 8 to 128, scale "
         "bits 3 to 10 or f for a float), mxfp4, nvfp4; group 0 is the whole row";
}

/// The valid names with the least edit distance, among examples that have the numbers of `name`.
static std::string nearestNames(StringRef name) {
  SmallVector<std::string> sizes = {"g32", "g0", "g64", "g128", "t"};
  uint64_t group;
  StringRef digits = name.rsplit('g').second.take_while(isDigit);
  if (!digits.getAsInteger(10, group) && group <= uint64_t(maxGroup))
    sizes.insert(sizes.begin(), "g" + utostr(group));

  std::vector<std::pair<unsigned, std::string>> ranked;
  for (const char *example : {"float", "mxfp4", "nvfp4"})
    ranked.push_back({name.edit_distance(example), example});
  for (const Family &family : families)
    for (unsigned bits = family.minBits; bits <= family.maxBits; ++bits)
      for (const std::string &size : sizes)
        for (StringRef suffix : {"", "f", "z", "fz", "a"}) {
          bool uniform = family.kind == FormatKind::Rtn;
          bool fits = suffix.empty() || (suffix == "a" ? family.kind == FormatKind::Ternary
                                                       : family.kind == FormatKind::Bcq || (uniform && suffix == "f"));
          if ((size == "t" && !uniform) || !fits)
            continue;
          std::string example = (family.prefix + (family.maxBits ? utostr(bits) : std::string()) + size + suffix).str();
          ranked.push_back({name.edit_distance(example), example});
        }
  for (unsigned bits = 2; bits <= 8; ++bits)
    for (const char *tail : {"v16s4", "v16s6", "v32s4", "v32s6", "v64s4", "v64s6"}) {
      std::string example = "vsq" + utostr(bits) + tail;
      ranked.push_back({name.edit_distance(example), example});
    }
  llvm::sort(ranked,
             [](const auto &a, const auto &b) { return std::tie(a.first, a.second) < std::tie(b.first, b.second); });
  SmallVector<std::string> names;
  for (const auto &entry : ranked) {
    if (names.size() == 3 || entry.first > ranked.front().first)
      break;
    if (!is_contained(names, "'" + entry.second + "'"))
      names.push_back("'" + entry.second + "'");
  }
  return join(names, " or ");
}

static Error unknownFormat(StringRef name, const Twine &why = "") {
  return createStringError("unknown format '" + name + "'" + why + "; did you mean " + nearestNames(name) + "? (" +
                           describeFormats() + ")");
}

static Expected<Format> parseVsq(StringRef name) {
  Format format;
  StringRef rest = name;
  uint64_t numbers[3];
  for (auto [part, number] : zip_equal(vsqParts, numbers)) {
    std::optional<uint64_t> value;
    if (!rest.consume_front(part.letters))
      return unknownFormat(name);
    value = takeNumber(rest);
    if (part.letters == "vsq" && rest.consume_front("u"))
      format.element = VsqElement::Unsigned;
    if (part.letters == "s" && rest.consume_front("f")) {
      format.vectorScale = VsqScale::Float;
      if (!value)
        value = part.high;
      else
        return unknownFormat(name);
    }
    if (!value)
      return unknownFormat(name);
    number = *value;
  }
  if (!rest.empty())
    return unknownFormat(name);
  for (auto [part, number] : zip_equal(vsqParts, numbers))
    if (number < part.low || number > part.high)
      return unknownFormat(name, ": vsq has " + Twine(part.low) + " to " + Twine(part.high) + " " + part.what +
                                     ", not " + Twine(number));
  format.kind = FormatKind::Vsq;
  format.bits = numbers[0];
  format.group = numbers[1];
  format.scaleBits = format.vectorScale == VsqScale::Float ? 32 : numbers[2];
  return format;
}

/// MXFP4 or NVFP4.
static Format smallFloats(int64_t vector, VsqScale scale) {
  Format format;
  format.kind = FormatKind::Vsq;
  format.bits = 4;
  format.group = vector;
  format.scaleBits = 8;
  format.element = VsqElement::E2M1;
  format.vectorScale = scale;
  return format;
}

Expected<Format> halftone::parseFormat(StringRef name) {
  Format format;
  if (name == "float")
    return format;
  if (name == "mxfp4")
    return smallFloats(32, VsqScale::E8M0);
  if (name == "nvfp4")
    return smallFloats(16, VsqScale::E4M3);
  if (name.starts_with("vsq"))
    return parseVsq(name);
  const Family *family = find_if(families, [&](const Family &f) { return name.starts_with(f.prefix); });
  if (family == std::end(families))
    return unknownFormat(name);
  StringRef rest = name.drop_front(family->prefix.size());
  format.kind = family->kind;
  format.solver = family->solver;
  format.bits = format.kind == FormatKind::Binary ? 1 : 2;
  if (family->maxBits) {
    std::optional<uint64_t> bits = takeNumber(rest);
    if (!bits)
      return unknownFormat(name);
    if (*bits < family->minBits || *bits > family->maxBits)
      return unknownFormat(name, ": " + family->prefix + " has " + Twine(family->minBits) + " to " +
                                     Twine(family->maxBits) + (format.kind == FormatKind::Rtn ? " bits" : " planes") +
                                     ", not " + Twine(*bits));
    format.bits = *bits;
  }
  format.offset = family->zeroPoint;
  std::optional<uint64_t> group;
  if (rest.consume_front("g"))
    group = takeNumber(rest);
  else if (format.kind == FormatKind::Rtn && (format.perTensor = rest.consume_front("t")))
    group = 0;
  if (group && format.kind == FormatKind::Rtn)
    format.floatScales = rest.consume_front("f");
  if (group && format.kind == FormatKind::Bcq) {
    format.planeScales = rest.consume_front("f");
    format.offset = rest.consume_front("z");
  }
  if (group && format.kind == FormatKind::Ternary)
    format.scalePerSign = rest.consume_front("a");
  if (!group || !rest.empty())
    return unknownFormat(name);
  if (*group > uint64_t(maxGroup))
    return unknownFormat(name, ": the group is too large");
  format.group = *group;
  return format;
}
