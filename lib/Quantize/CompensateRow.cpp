//===- CompensateRow.cpp - Rows of a compensated matrix -------------------===//

#include "CompensateRow.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace halftone;
using namespace halftone::compensate;
using namespace llvm;

/// What the first scales of a group are tried at, relative to the fit of its weights: with fewer levels than the
/// compensated weights need, the best range is often another one.
static constexpr double startFactors[] = {1.0, 0.8, 0.9, 1.12, 1.3};
/// Alternations within a group before the pass goes on to the next.
static constexpr unsigned roundsInSweep = 3;

RowSolver::RowSolver(const Metric &metric, const Format &format, const FixedLevels *levels,
                     const CompensateOptions &options)
    : metric(metric), format(format), levels(levels), options(options) {}

void RowSolver::load(const QuantizedMatrix &matrix, int64_t row, State &state) const {
  state.values.resize(metric.size);
  state.codes.resize(metric.size);
  state.scales.assign(metric.blocks.size(), GroupScales(format, levels));
  for (auto [block, scales] : zip_equal(metric.blocks, state.scales)) {
    scales.read(matrix, row * matrix.groups() + block.group);
    for (int64_t i = block.begin; i < block.begin + block.length; ++i) {
      state.codes[i] = matrix.codes[row * metric.size + metric.order[i]];
      state.values[i] = scales.value(state.codes[i]);
    }
  }
}

void RowSolver::store(const State &state, int64_t row, QuantizedMatrix &matrix) const {
  for (auto [block, scales] : zip_equal(metric.blocks, state.scales))
    scales.write(matrix, row * matrix.groups() + block.group);
  for (int64_t i = 0; i < metric.size; ++i)
    matrix.codes[row * metric.size + metric.order[i]] = state.codes[i];
}

void RowSolver::evaluate(States &states) {
  int64_t n = metric.size;
  for (size_t row = 0; row < count; ++row)
    for (int64_t i = 0; i < n; ++i)
      errorOf(row)[i] = states[row].values[i] - targets[row * n + i];
  for (int64_t i = 0; i < n; ++i)
    for (size_t row = 0; row < count; ++row)
      gradientOf(row)[i] = dot(metric.row(i), errorOf(row), n);
  for (size_t row = 0; row < count; ++row)
    states[row].loss = dot(gradientOf(row), errorOf(row), n);
}

double RowSolver::undampedLoss(const State &state, size_t row) const {
  return state.loss - metric.shift * dot(errorOf(row), errorOf(row), metric.size);
}

/// Codes of the group column by column: each takes the level nearest to what the errors before it in the group ask for.
void RowSolver::roundGroup(const Block &block, const GroupScales &scales) {
  before.resize(block.length);
  for (int64_t j = 0; j < block.length; ++j) {
    const double *row = metric.factorRow(block.begin + j) + block.begin;
    groupCodes[j] = scales.nearest(wanted[j] - dot(row, before.data(), j) / row[j]);
    groupValues[j] = scales.value(groupCodes[j]);
    before[j] = groupValues[j] - wanted[j];
  }
}

/// Alternates codes and scales in the group's reduced metric; the loss in it.
double RowSolver::improveGroup(size_t index, GroupScales &scales) {
  const Block &block = metric.blocks[index];
  const double *reduced = metric.reduced[index].data();
  for (int64_t j = 0; j < block.length; ++j)
    before[j] = groupValues[j] - wanted[j];
  for (int64_t j = 0; j < block.length; ++j)
    groupGradient[j] = dot(reduced + j * block.length, before.data(), block.length);
  double loss = dot(groupGradient.data(), before.data(), block.length);
  GroupProblem problem{reduced, block.length, block.length, groupGradient, groupValues, groupCodes};
  return loss + solver.improve(problem, scales, options.groupRounds, options.refitScales);
}

/// Scales, codes and values of a group for `wanted`; false where no scales can be stored.
bool RowSolver::startGroup(size_t index, GroupScales &scales) {
  const Block &block = metric.blocks[index];
  if (!scales.isFixed() && !fitWeighted(wanted, curvature, format, scales, group))
    return false;
  if (options.groupRounds == 0) {
    roundGroup(block, scales);
    return true;
  }
  double best = HUGE_VAL;
  GroupScales first = scales;
  std::vector<double> bestValues;
  std::vector<uint8_t> bestCodes;
  unsigned starts = scales.isFixed() ? 1 : std::clamp<unsigned>(options.starts, 1, std::size(startFactors));
  for (double factor : ArrayRef(startFactors).take_front(starts)) {
    GroupScales tried = first;
    if (factor != 1 && !tried.multiply(factor))
      continue;
    // The second time from the scales that the first has found.
    for (int repeat = 0; repeat < 2; ++repeat) {
      roundGroup(block, tried);
      double loss = improveGroup(index, tried);
      if (!(loss < best))
        break;
      best = loss;
      scales = tried;
      bestValues = groupValues;
      bestCodes = groupCodes;
    }
  }
  if (bestValues.empty())
    return false;
  groupValues.swap(bestValues);
  groupCodes.swap(bestCodes);
  return true;
}

/// What a group should be so that it makes up for the errors of those before it. With ||R^T e||^2 as the loss, the
/// part of R^T e that belongs to a group must be near zero. `changes` holds what the earlier errors add up to here.
void RowSolver::wantedByErrors(size_t index, size_t row) {
  const Block &block = metric.blocks[index];
  for (std::vector<double> *buffer : {&wanted, &curvature, &groupGradient, &groupValues, &before})
    buffer->assign(block.length, 0.0);
  groupCodes.assign(block.length, 0);
  for (int64_t j = 0; j < block.length; ++j) {
    const double *factor = metric.factorRow(block.begin + j) + block.begin;
    // before: -R_GG^-T times the earlier errors' part.
    before[j] = -(changes[row * block.length + j] + dot(factor, before.data(), j)) / factor[j];
    wanted[j] = targets[row * metric.size + block.begin + j] + before[j];
    curvature[j] = metric.reduced[index][j * block.length + j];
  }
}

/// GPTQ's scheme: group after group, each for the weights that make up for the errors of those before it. A group whose
/// scales cannot be stored keeps what it has.
void RowSolver::propagate(States &states) {
  for (size_t index = 0; index < metric.blocks.size(); ++index) {
    const Block &block = metric.blocks[index];
    changes.assign(count * block.length, 0.0);
    for (int64_t j = 0; j < block.length; ++j)
      for (size_t row = 0; row < count; ++row)
        changes[row * block.length + j] = dot(metric.factorRow(block.begin + j), errorOf(row), block.begin);
    for (size_t row = 0; row < count; ++row) {
      State &state = states[row];
      wantedByErrors(index, row);
      bool started = startGroup(index, state.scales[index]);
      for (int64_t j = 0; j < block.length; ++j) {
        if (started) {
          state.values[block.begin + j] = groupValues[j];
          state.codes[block.begin + j] = groupCodes[j];
        }
        errorOf(row)[block.begin + j] = state.values[block.begin + j] - targets[row * metric.size + block.begin + j];
      }
    }
  }
}

/// Improves one block of a row in the whole metric; notes the change of its values, and returns that of the loss.
double RowSolver::sweepBlock(size_t index, State &state, size_t row) {
  const Block &block = metric.blocks[index];
  before.assign(state.values.begin() + block.begin, state.values.begin() + block.begin + block.length);
  groupGradient.assign(gradientOf(row) + block.begin, gradientOf(row) + block.begin + block.length);
  GroupProblem problem{metric.row(block.begin) + block.begin,
                       metric.size,
                       block.length,
                       groupGradient,
                       MutableArrayRef(state.values).slice(block.begin, block.length),
                       MutableArrayRef(state.codes).slice(block.begin, block.length)};
  double gain = solver.improve(problem, state.scales[index], roundsInSweep, options.refitScales);
  for (int64_t j = 0; j < block.length; ++j)
    changes[row * block.length + j] = problem.values[j] - before[j];
  return gain;
}

/// Brings the gradients up to date with `changes` of a block.
void RowSolver::updateGradients(const Block &block) {
  constexpr int64_t columns = 256; // of the metric that stay in the first cache for all rows
  for (int64_t begin = 0; begin < metric.size; begin += columns)
    for (size_t row = 0; row < count; ++row)
      addProduct(gradientOf(row) + begin, &changes[row * block.length], metric.row(block.begin) + begin, metric.size,
                 block.length, std::min(columns, metric.size - begin));
}

/// Codes and the groups' integers stay.
void RowSolver::setRowScale(State &state, float scale) const {
  for (auto [block, scales] : zip_equal(metric.blocks, state.scales)) {
    scales.setRowScale(scale);
    for (int64_t i = block.begin; i < block.begin + block.length; ++i)
      state.values[i] = scales.value(state.codes[i]);
  }
}

/// Gives rows whose groups share a scale the one that the largest scale of a group asks for, if each group had the one
/// that is best for it. Codes stay.
void RowSolver::startRowScales(States &states) {
  std::vector<double> weights;
  for (size_t row = 0; row < count; ++row) {
    double largest = 0;
    for (auto [index, block] : enumerate(metric.blocks)) {
      weights.resize(block.length);
      for (int64_t j = 0; j < block.length; ++j)
        weights[j] = metric.reduced[index][j * block.length + j];
      ArrayRef<double> part = ArrayRef(targets).slice(row * metric.size + block.begin, block.length);
      largest = std::max(largest, unitOf(part, weights, format));
    }
    if (largest > 0)
      setRowScale(states[row], states[row].scales.front().rowScaleFor(largest));
  }
}

/// The scale that a row's groups share by least squares, with codes and the groups' integers held: values v are
/// proportional to it, so it is to be multiplied with v.Ht / v.Hv, where Hv = g + Ht. Leaves in `changes` by how much
/// values change; 0 where the scale is to stay.
float RowSolver::refitRowScale(const State &state, size_t row) {
  int64_t n = metric.size;
  const double *values = state.values.data();
  double wanted = dot(values, &images[row * n], n), square = wanted + dot(values, gradientOf(row), n);
  if (!(wanted > 0 && square > 0))
    return 0;
  float scale = float(state.scales.front().rowScale() * (wanted / square));
  if (!(scale > 0 && std::isfinite(scale)))
    return 0;
  for (auto [block, scales] : zip_equal(metric.blocks, state.scales)) {
    GroupScales tried = scales;
    if (!tried.setRowScale(scale))
      return 0;
    for (int64_t i = block.begin; i < block.begin + block.length; ++i)
      changes[row * n + i] = tried.value(state.codes[i]) - values[i];
  }
  return scale;
}

/// refitRowScale() of all rows, where it lowers the loss as stored; adds the changes of losses to `gains`.
void RowSolver::refitRowScales(States &states, std::vector<double> &gains) {
  int64_t n = metric.size;
  changes.assign(count * n, 0.0);
  std::vector<float> scales(count);
  std::vector<double> products(count * n);
  for (size_t row = 0; row < count; ++row)
    scales[row] = refitRowScale(states[row], row);
  for (int64_t i = 0; i < n; ++i)
    for (size_t row = 0; row < count; ++row)
      if (scales[row] != 0)
        products[row * n + i] = dot(metric.row(i), &changes[row * n], n);
  for (size_t row = 0; row < count; ++row) {
    double quadratic = dot(&products[row * n], &changes[row * n], n);
    double gain = 2 * dot(gradientOf(row), &changes[row * n], n) + quadratic;
    if (scales[row] == 0 || !(gain < -1e-9 * quadratic))
      continue;
    gains[row] += gain;
    setRowScale(states[row], scales[row]);
    addScaled(gradientOf(row), &products[row * n], 1.0, n);
  }
}

/// Passes over all groups in the whole metric; the gradients must be those of `states`.
void RowSolver::sweep(States &states) {
  std::vector<bool> done(count, false);
  for (unsigned pass = 0; pass < options.sweeps && !all_of(done, [](bool d) { return d; }); ++pass) {
    std::vector<double> gains(count, 0.0);
    for (size_t index = 0; index < metric.blocks.size(); ++index) {
      changes.assign(count * metric.blocks[index].length, 0.0);
      for (size_t row = 0; row < count; ++row)
        if (!done[row])
          gains[row] += sweepBlock(index, states[row], row);
      updateGradients(metric.blocks[index]);
    }
    if (!images.empty() && options.refitScales)
      refitRowScales(states, gains);
    for (size_t row = 0; row < count; ++row) {
      done[row] = done[row] || !(gains[row] < -options.sweepTolerance * states[row].loss);
      states[row].loss += gains[row];
    }
  }
  evaluate(states);
}

/// Keeps states just evaluated where they are the best. Damping counts for the choice, but the loss proper must not be
/// above that of plain quantization.
void RowSolver::offer(States &states) {
  for (size_t row = 0; row < count; ++row)
    if (undampedLoss(states[row], row) <= limits[row] && (!best[row] || states[row].loss < best[row]->loss))
      best[row] = states[row];
}

void RowSolver::solve(ArrayRef<float> weights, int64_t begin, int64_t end, QuantizedMatrix &result) {
  count = size_t(end - begin);
  int64_t n = metric.size;
  for (std::vector<double> *buffer : {&targets, &errors, &gradients})
    buffer->resize(count * n);
  best.assign(count, std::nullopt);
  limits.resize(count);
  States plain(count);
  for (size_t row = 0; row < count; ++row) {
    for (int64_t i = 0; i < n; ++i)
      targets[row * n + i] = weights[(begin + int64_t(row)) * n + metric.order[i]];
    load(result, begin + int64_t(row), plain[row]);
  }
  evaluate(plain);
  images.clear();
  if (n > 0 && plain.front().scales.front().hasRowScale())
    for (size_t row = 0; row < count; ++row)
      for (int64_t i = 0; i < n; ++i)
        images.push_back(dot(metric.row(i), &targets[row * n], n));
  for (size_t row = 0; row < count; ++row)
    limits[row] = undampedLoss(plain[row], row);
  if (options.sweeps && options.sweepPlain) {
    States swept = plain;
    sweep(swept);
    offer(swept);
  }
  if (!images.empty() && options.groupRounds && options.refitScales)
    startRowScales(plain);
  propagate(plain);
  evaluate(plain);
  if (options.sweeps)
    sweep(plain);
  offer(plain);
  for (size_t row = 0; row < count; ++row)
    if (best[row])
      store(*best[row], begin + int64_t(row), result);
}
