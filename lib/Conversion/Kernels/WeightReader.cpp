//===- WeightReader.cpp - Unpacking Rows16 weights in a kernel ------------===//
//
// Two-level BCQ: w = sum_p m_p b_p with b = +-1 and M = sum_p m_p <= 127, hence
//   u = w + 128 = (128 - M) + sum over set bits of 2 m_p,   1 <= u <= 255.
// Either one masked byte addition per plane, or, for the first planes, a look-up
// in a table of u by (row, bits): 16 rows x 2^3 bytes are 128 entries.
// Halved: w = 2 u - M with u = sum over set bits of m_p, 0 <= u <= 127. By planes:
//   sum_k w a = sum_p m_p (2 P_p - A), P_p the sum of a over the plane's set bits, A over all.
//
//===----------------------------------------------------------------------===//

#include "WeightReader.h"
#include "SmallScale.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Quantize/Quantize.h"
#include "halftone/Support/SmallFloat.h"

using namespace mlir;
using namespace halftone;

WeightReader::WeightReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed,
                           Value rowBlock, int64_t tableWidth, int64_t fastU, bool oneColumn, int64_t stepsAhead)
    : k(k), format(format), shape(format, rows, cols, Layout::Rows16), groups(format, cols), fields(codeFields(format)),
      bits(codeBits(format)), tablePlanes(0), fastU(fastU), oneColumn(oneColumn),
      prefetchDistance(std::max(kPrefetchDistance, stepsAhead * bits * kVectorBytes)), packed(packed),
      rowBlock(rowBlock) {
  if (format.kind == FormatKind::Bcq && !format.planeScales && tableWidth >= 128)
    tablePlanes = std::min(format.bits, 3u);
}

bool WeightReader::halved() const {
  return format.kind == FormatKind::Bcq && !format.planeScales && tablePlanes == 0 && fastU < 255 && !byPlanes();
}

bool WeightReader::byPlanes() const {
  return format.kind == FormatKind::Bcq && !format.planeScales && tablePlanes == 0 && fastU <= 16 && oneColumn;
}

int64_t WeightReader::offset() const {
  switch (format.kind) {
  case FormatKind::Bcq:
    return 128;
  case FormatKind::Binary: // u = 0 and 2
  case FormatKind::Ternary:
    return 1;
  case FormatKind::Rtn:
    return int64_t(1) << (format.bits - 1);
  case FormatKind::Vsq:
    return elementOffset(format);
  case FormatKind::Float:
    break;
  }
  return 0;
}

int64_t WeightReader::maxU() const {
  switch (format.kind) {
  case FormatKind::Bcq:
    return halved() ? 127 : 255;
  case FormatKind::Binary:
  case FormatKind::Ternary:
    return 2;
  case FormatKind::Rtn:
    return (int64_t(1) << format.bits) - 1;
  case FormatKind::Vsq:
    return largestElement(format) + elementOffset(format);
  case FormatKind::Float:
    break;
  }
  return 0;
}

Value WeightReader::halves(Value byteOffset) {
  Value raw = k.loadBytesAs(packed, byteOffset, k.vec(kLanes, k.i16()));
  return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
}

void WeightReader::enterGroup(Value group) {
  groupIndex = k.affine(rowBlock, groups.count, group);
  int64_t stepBytes = int64_t(bits) * kVectorBytes;
  Value firstStep = k.affine(rowBlock, groups.totalSteps(), k.mulIndex(group, groups.steps));
  groupCodes = k.addIndex(k.mulIndex(firstStep, stepBytes), shape.codesOffset);
  if (format.scalePerSign) {
    Value first = k.addIndex(k.mulIndex(groupIndex, 2 * kLanes * 2), shape.scalesOffset);
    plusScale = halves(first);
    negatedMinusScale = k.negF(halves(k.addIndex(first, kLanes * 2)));
  }
  if (format.kind != FormatKind::Bcq)
    return;
  if (!format.planeScales)
    return enterTwoLevelGroup();
  planeScales.clear();
  negatedPlaneScales.clear();
  auto scaleOf = [&](unsigned term) {
    Value entry = k.addIndex(k.mulIndex(groupIndex, scalesPerGroup(format)), term);
    return halves(k.addIndex(k.mulIndex(entry, kLanes * 2), shape.scalesOffset));
  };
  for (unsigned plane = 0; plane < format.bits; ++plane) {
    planeScales.push_back(scaleOf(plane));
    negatedPlaneScales.push_back(k.negF(planeScales.back()));
  }
  planeOffset = format.offset ? scaleOf(format.bits) : Value();
}

Value WeightReader::scaleIndex() { return format.perTensor ? k.index(0) : groupIndex; }

Value WeightReader::multiplierBytes(unsigned p) {
  Value entry = k.addIndex(k.mulIndex(scaleIndex(), multipliersPerGroup(format)), p);
  return k.loadBytesAs(packed, k.addIndex(k.mulIndex(entry, kLanes), shape.multipliersOffset), k.bytes(kLanes));
}

/// int: the zero point. BCQ: w = u - 128 + z.
Value WeightReader::zeros() {
  if (!format.offset)
    return k.splat(k.words(), offset());
  if (format.kind == FormatKind::Rtn)
    return arith::ExtUIOp::create(k.b, k.loc, k.words(), multiplierBytes(0));
  Value z = arith::ExtSIOp::create(k.b, k.loc, k.words(), multiplierBytes(format.bits));
  return k.subI(k.splat(k.words(), offset()), z);
}

Value WeightReader::replicate(Value rows, int64_t copies, int64_t size) {
  if (copies == 4 && size == kVectorBytes)
    return fourTimes(k, rows);
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < size; ++i)
    mask.push_back(i / copies % kLanes);
  return k.shuffle(rows, rows, mask);
}

void WeightReader::enterTwoLevelGroup() {
  SmallVector<Value> multipliers;
  for (unsigned plane = 0; plane < format.bits; ++plane)
    multipliers.push_back(multiplierBytes(plane));
  if (byPlanes()) {
    planeMultipliers.clear();
    for (Value multiplier : multipliers)
      planeMultipliers.push_back(arith::ExtUIOp::create(k.b, k.loc, k.words(), multiplier));
    return;
  }
  planeSteps.assign(format.bits, Value());
  if (halved())
    return enterHalvedGroup(multipliers);
  // Planes that masks add start from -m_p.
  Value rest = k.splat(k.bytes(kLanes), -128);
  for (unsigned plane = tablePlanes; plane < format.bits; ++plane) {
    rest = k.subI(rest, multipliers[plane]);
    Value everyByte = replicate(multipliers[plane], 4, kVectorBytes);
    planeSteps[plane] = k.addI(everyByte, everyByte);
  }
  if (tablePlanes == 0)
    base = replicate(rest, 4, kVectorBytes);
  else
    table = buildTable(ArrayRef<Value>(multipliers).take_front(tablePlanes), rest);
}

void WeightReader::enterHalvedGroup(ArrayRef<Value> multipliers) {
  Value sum = multipliers.front();
  for (Value multiplier : multipliers.drop_front())
    sum = k.addI(sum, multiplier);
  multiplierSum = arith::ExtUIOp::create(k.b, k.loc, k.words(), sum);
  for (auto [plane, multiplier] : llvm::enumerate(multipliers))
    planeSteps[plane] = replicate(multiplier, 4, kVectorBytes);
}

/// Entry row * 2^planes + bits: rest + sum of +-m_p by the bits; one plane is stored twice to fill a vector.
Value WeightReader::buildTable(ArrayRef<Value> multipliers, Value rest) {
  int64_t codes = int64_t(1) << multipliers.size(), size = std::max(kLanes * codes, kVectorBytes);
  Value sum = replicate(rest, codes, size);
  for (auto [plane, multiplier] : llvm::enumerate(multipliers)) {
    Value m = replicate(multiplier, codes, size);
    SmallVector<bool> positive;
    for (int64_t i = 0; i < size; ++i)
      positive.push_back((i % codes >> plane) & 1);
    auto type = k.vec(size, k.b.getI1Type());
    Value mask = arith::ConstantOp::create(k.b, k.loc, DenseElementsAttr::get(type, ArrayRef<bool>(positive)));
    sum = k.select(mask, k.addI(sum, m), k.subI(sum, m));
  }
  return sum;
}

void WeightReader::loadStep(Value step) {
  stepCodes = k.affine(step, int64_t(bits) * kVectorBytes, groupCodes);
  vectors.assign(bits, Value());
}

Value WeightReader::vector(unsigned index) {
  if (!vectors[index]) {
    int64_t offset = int64_t(index) * kVectorBytes;
    k.prefetch(packed, k.addIndex(stepCodes, offset + prefetchDistance));
    vectors[index] = k.load(packed, k.addIndex(stepCodes, offset), k.bytes());
  }
  return vectors[index];
}

Value WeightReader::extractField(const CodeField &field, unsigned firstVector, int64_t chunk) {
  unsigned perVector = 8 / field.width;
  Value bytes = vector(firstVector + chunk / perVector);
  if (field.width == 8)
    return bytes;
  // Shift whole words: the mask drops what crosses from the neighbouring byte.
  Value words = k.shrU(k.bitcast(bytes, k.words()), chunk % perVector * field.width);
  int64_t mask = (1 << field.width) - 1;
  return k.bitcast(k.andI(words, k.splat(k.words(), mask * 0x01010101)), k.bytes());
}

WeightReader::BitSlot WeightReader::slotOf(unsigned plane, int64_t chunk) const {
  unsigned firstVector = 0;
  for (CodeField field : fields) {
    unsigned perVector = 8 / field.width;
    if (plane < field.shift + field.width)
      return {firstVector + unsigned(chunk / perVector),
              unsigned(chunk % perVector) * field.width + plane - field.shift};
    firstVector += field.width;
  }
  llvm_unreachable("the format has no such plane");
}

/// u of the first planes: the index is the row's place in the table and the planes' bits.
Value WeightReader::lookUpPlanes(int64_t chunk) {
  SmallVector<int64_t> rowPlaces;
  for (int64_t i = 0; i < kVectorBytes; ++i)
    rowPlaces.push_back(int8_t((i / 4) << tablePlanes));
  Value index = k.bitcast(k.constant(k.bytes(), rowPlaces), k.words());
  unsigned plane = 0;
  for (CodeField field : fields) {
    if (plane >= tablePlanes)
      break;
    // The field's bits that are planes of the table, moved to their place in the index.
    unsigned count = std::min(field.width, tablePlanes - plane);
    BitSlot slot = slotOf(plane, chunk);
    Value words = k.bitcast(vector(slot.vector), k.words());
    int64_t shift = int64_t(slot.bit) - int64_t(plane);
    words = shift >= 0 ? k.shrU(words, shift) : k.shlI(words, -shift);
    int64_t mask = ((1 << count) - 1) << plane;
    Value chosen = k.andI(words, k.splat(k.words(), mask * 0x01010101));
    index = arith::OrIOp::create(k.b, k.loc, index, chosen);
    plane += count;
  }
  return simd::TableLookupOp::create(k.b, k.loc, k.bytes(), table, k.bitcast(index, k.bytes()));
}

Value WeightReader::unpackChunk(int64_t chunk) {
  if (format.kind == FormatKind::Bcq) {
    Value zero = k.splat(k.bytes(), 0);
    Value u = tablePlanes ? lookUpPlanes(chunk) : halved() ? zero : base;
    for (unsigned plane = tablePlanes; plane < format.bits; ++plane) {
      BitSlot slot = slotOf(plane, chunk);
      Value bit = k.andI(vector(slot.vector), k.splat(k.bytes(), int8_t(1 << slot.bit)));
      u = k.addI(u, k.select(k.isNonZero(bit), planeSteps[plane], zero));
    }
    return u;
  }
  Value u;
  unsigned firstVector = 0;
  for (CodeField field : fields) {
    Value part = extractField(field, firstVector, chunk);
    if (field.shift)
      part = k.bitcast(k.shlI(k.bitcast(part, k.words()), field.shift), k.bytes());
    u = u ? k.addI(u, part) : part;
    firstVector += field.width;
  }
  if (format.kind == FormatKind::Binary)
    return k.addI(u, u);
  return format.element == VsqElement::E2M1 ? integersOfSmallFloats(u) : u;
}

/// Twice the numbers of E2M1 codes, plus 12.
Value WeightReader::integersOfSmallFloats(Value codes) {
  SmallVector<int64_t> entries;
  for (unsigned code = 0; code < 16; ++code)
    entries.push_back(e2m1Twice(code) + elementOffset(format));
  return simd::TableLookupOp::create(k.b, k.loc, k.bytes(), k.constant(k.bytes(16), entries), codes);
}

Value WeightReader::loadMultipliers(int64_t vector, VectorType type) {
  Value entry = k.addIndex(k.mulIndex(groupIndex, multipliersPerGroup(format)), vector);
  int64_t bytes = kLanes * multiplierWidth(format);
  return k.loadBytesAs(packed, k.addIndex(k.mulIndex(entry, bytes), shape.multipliersOffset), type);
}

int64_t WeightReader::fieldsInPlace() const {
  int64_t perByte = 8 / fields.front().width, inPlace = 1;
  while (inPlace < perByte && maxU() << (2 * inPlace - 1) * fields.front().width <= fastU)
    inPlace *= 2;
  return inPlace;
}

int WeightReader::placeInNibble(unsigned plane, int64_t chunk) const {
  // Fields of one bit beside others would have four places of their own: more sums than registers.
  bool few = fields.size() > 1 && fields.front().width == 1 && plane == 0;
  return int(slotOf(plane, chunk).bit % (few ? 2 : 4));
}

SmallVector<WeightReader::PartSum> WeightReader::partSums() const {
  SmallVector<PartSum> sums;
  if (byPlanes()) {
    for (int64_t chunk = 0; chunk < kStep / 4; ++chunk)
      for (unsigned plane = 0; plane < format.bits; ++plane)
        if (PartSum sum{plane, placeInNibble(plane, chunk)}; !llvm::is_contained(sums, sum))
          sums.push_back(sum);
    return sums;
  }
  if (format.kind == FormatKind::Bcq || fields.size() > 1)
    return {{0, 0}};
  int width = int(fields.front().width);
  if (width == 8)
    return fastU < 255 ? SmallVector<PartSum>{{0, 0}, {0, -4}} : SmallVector<PartSum>{{0, 0}};
  for (int64_t i = 0; i < fieldsInPlace(); ++i)
    sums.push_back({0, int(i) * width - bitShift()});
  return sums;
}

/// (words >> shift) & mask in every byte.
static Value maskedBytes(KernelBuilder &k, Value bytes, int64_t shift, int64_t mask) {
  Value words = k.bitcast(bytes, k.words());
  if (shift)
    words = k.shrU(words, shift);
  return k.bitcast(k.andI(words, k.splat(k.words(), int32_t(uint32_t(mask * 0x01010101)))), k.bytes());
}

WeightReader::Part WeightReader::unpackPlane(unsigned plane, int64_t chunk, size_t sum) {
  BitSlot slot = slotOf(plane, chunk);
  int place = placeInNibble(plane, chunk);
  return {maskedBytes(k, vector(slot.vector), slot.bit - place, int64_t(1) << place), int64_t(1) << place, sum};
}

SmallVector<WeightReader::Part> WeightReader::unpackParts(int64_t chunk) {
  SmallVector<PartSum> sums = partSums();
  auto indexOf = [&](unsigned plane, int shift) -> size_t {
    return llvm::find(sums, PartSum{plane, shift}) - sums.begin();
  };
  SmallVector<Part> parts;
  if (byPlanes()) {
    for (unsigned plane = 0; plane < format.bits; ++plane)
      parts.push_back(unpackPlane(plane, chunk, indexOf(plane, placeInNibble(plane, chunk))));
    return parts;
  }
  if (sums.size() == 1)
    return {{unpackChunk(chunk), maxU(), 0}};
  int64_t width = fields.front().width;
  Value bytes = vector(unsigned(chunk * width / 8));
  if (width == 8)
    return {{maskedBytes(k, bytes, 0, 15), 15, 0}, {maskedBytes(k, bytes, 4, 15), 15, 1}};
  int64_t position = chunk * width % 8, place = position % (fieldsInPlace() * width);
  int64_t mask = ((int64_t(1) << width) - 1) << place;
  return {{maskedBytes(k, bytes, position - place, mask), std::min(maxU() << place, mask),
           indexOf(0, int(place) - bitShift())}};
}

PanelReader::Terms WeightReader::terms() {
  Terms terms;
  if (!halved()) {
    terms.zeros = format.offset ? zeros() : Value();
    terms.zero = offset();
    return terms;
  }
  terms.shift = 1;
  // With an offset zeros() is 128 - z.
  terms.zeros = format.offset ? k.subI(multiplierSum, k.subI(k.splat(k.words(), offset()), zeros())) : multiplierSum;
  return terms;
}

Value WeightReader::exactSum(ArrayRef<Value> sums, Value activationSum) {
  SmallVector<Value> totals(byPlanes() ? format.bits : 1);
  if (sums.size() == 1) {
    totals[0] = sums[0];
  } else {
    for (auto [part, sum] : llvm::zip_equal(partSums(), sums)) {
      // Exact: every sum is a multiple of 2^shift.
      Value scaled = part.shift == 0 ? sum : part.shift > 0 ? k.shrS(sum, part.shift) : k.shlI(sum, -part.shift);
      Value &total = totals[part.plane];
      total = total ? k.addI(total, scaled) : scaled;
    }
  }
  if (!byPlanes())
    return terms().apply(k, totals[0], activationSum);
  Value all = k.broadcast(activationSum);
  // BCQ with an offset: zeros() is 128 - z.
  Value z = format.offset ? k.subI(k.splat(k.words(), offset()), zeros()) : Value();
  Value exact = z ? k.mulI(z, all) : Value();
  for (auto [total, multiplier] : llvm::zip_equal(totals, planeMultipliers)) {
    Value term = k.mulI(multiplier, k.subI(k.shlI(total, 1), all));
    exact = exact ? k.addI(exact, term) : term;
  }
  return exact;
}

Value WeightReader::vectorScales(int64_t vector) {
  Value raw = loadMultipliers(vector, multiplierWidth(format) == 2 ? k.vec(kLanes, k.i16()) : k.bytes(kLanes));
  return arith::ExtUIOp::create(k.b, k.loc, k.words(), raw);
}

Value WeightReader::rowScales() {
  return k.loadBytesAs(packed, k.addIndex(k.mulIndex(rowBlock, kVectorBytes), shape.scalesOffset), k.floats());
}

Value WeightReader::scales(int64_t vector) {
  if (format.kind == FormatKind::Vsq && format.vectorScale == VsqScale::Integer)
    return k.mulF(k.toFloat(vectorScales(vector)), rowScales());
  if (format.kind == FormatKind::Vsq && format.vectorScale == VsqScale::Float)
    return loadMultipliers(vector, k.floats());
  if (format.kind == FormatKind::Vsq)
    return smallScaleUnit(k, format.vectorScale, vectorScales(vector));
  Value place = k.addIndex(k.mulIndex(scaleIndex(), kLanes * scaleBytes(format)), shape.scalesOffset);
  return format.floatScales ? k.loadBytesAs(packed, place, k.floats()) : halves(place);
}

Value WeightReader::planeScaledWeight(int64_t chunk, int64_t j) {
  Value sum;
  for (unsigned plane = 0; plane < format.bits; ++plane) {
    BitSlot slot = slotOf(plane, chunk);
    Value words = k.bitcast(vector(slot.vector), k.words());
    int64_t bit = int32_t(uint32_t(1) << (8 * j + slot.bit));
    Value set = k.isNonZero(k.andI(words, k.splat(k.words(), bit)));
    Value term = k.select(set, planeScales[plane], negatedPlaneScales[plane]);
    sum = sum ? k.addF(sum, term) : term;
  }
  return planeOffset ? k.addF(sum, planeOffset) : sum;
}

Value WeightReader::perSignWeight(int64_t chunk, int64_t j) {
  Value words = k.bitcast(unpackChunk(chunk), k.words());
  auto hasBit = [&](int64_t bit) {
    return k.isNonZero(k.andI(words, k.splat(k.words(), int32_t(uint32_t(bit) << (8 * j)))));
  };
  Value notPlus = k.select(hasBit(1), k.splat(k.floats(), 0), negatedMinusScale);
  return k.select(hasBit(2), plusScale, notPlus);
}
