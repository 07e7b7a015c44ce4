//===- CompensateRow.cpp - One row of a compensated matrix ----------------===//

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

RowSolver::RowSolver(const Metric &metric, const Format &format, const CompensateOptions &options)
    : metric(metric), format(format), options(options), target(metric.size), error(metric.size), gradient(metric.size) {
}

void RowSolver::load(const QuantizedMatrix &matrix, int64_t row, State &state) const {
  state.values.resize(metric.size);
  state.codes.resize(metric.size);
  state.scales.assign(metric.blocks.size(), GroupScales(format));
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

void RowSolver::evaluate(State &state) {
  for (int64_t i = 0; i < metric.size; ++i)
    error[i] = state.values[i] - target[i];
  for (int64_t i = 0; i < metric.size; ++i)
    gradient[i] = dot(metric.row(i), error.data(), metric.size);
  state.loss = dot(gradient.data(), error.data(), metric.size);
}

double RowSolver::undampedLoss(const State &state) const {
  return state.loss - metric.shift * dot(error.data(), error.data(), metric.size);
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
  if (!fitWeighted(wanted, curvature, format, scales, group))
    return false;
  if (options.groupRounds == 0) {
    roundGroup(block, scales);
    return true;
  }
  double best = HUGE_VAL;
  GroupScales first = scales;
  std::vector<double> bestValues;
  std::vector<uint8_t> bestCodes;
  for (double factor : startFactors) {
    GroupScales tried = first;
    if (!tried.multiply(factor))
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

/// GPTQ's scheme: group after group, each for the weights that make up for the errors of those before it. With
/// ||R^T e||^2 as the loss, the part of R^T e that belongs to a group must be near zero.
bool RowSolver::propagate(State &state, const State &fallback) {
  state = fallback;
  for (size_t index = 0; index < metric.blocks.size(); ++index) {
    const Block &block = metric.blocks[index];
    for (std::vector<double> *buffer : {&wanted, &curvature, &groupGradient, &groupValues, &before})
      buffer->assign(block.length, 0.0);
    groupCodes.assign(block.length, 0);
    for (int64_t j = 0; j < block.length; ++j) {
      const double *row = metric.factorRow(block.begin + j);
      // before: -R_GG^-T times what the errors of earlier groups add up to here.
      before[j] =
          -(dot(row, error.data(), block.begin) + dot(row + block.begin, before.data(), j)) / row[block.begin + j];
      wanted[j] = target[block.begin + j] + before[j];
      curvature[j] = metric.reduced[index][j * block.length + j];
    }
    if (!startGroup(index, state.scales[index]))
      return false;
    for (int64_t j = 0; j < block.length; ++j) {
      state.values[block.begin + j] = groupValues[j];
      state.codes[block.begin + j] = groupCodes[j];
      error[block.begin + j] = groupValues[j] - target[block.begin + j];
    }
  }
  return true;
}

/// Passes over all groups in the whole metric; `gradient` must be that of `state`.
void RowSolver::sweep(State &state) {
  int64_t n = metric.size;
  for (unsigned pass = 0; pass < options.sweeps; ++pass) {
    double gain = 0;
    for (auto [block, scales] : zip_equal(metric.blocks, state.scales)) {
      before.assign(state.values.begin() + block.begin, state.values.begin() + block.begin + block.length);
      groupGradient.assign(gradient.begin() + block.begin, gradient.begin() + block.begin + block.length);
      GroupProblem problem{metric.row(block.begin) + block.begin,
                           n,
                           block.length,
                           groupGradient,
                           MutableArrayRef(state.values).slice(block.begin, block.length),
                           MutableArrayRef(state.codes).slice(block.begin, block.length)};
      gain += solver.improve(problem, scales, roundsInSweep, options.refitScales);
      for (int64_t j = 0; j < block.length; ++j)
        if (double d = problem.values[j] - before[j])
          addScaled(gradient.data(), metric.row(block.begin + j), d, n);
    }
    if (!(gain < -1e-7 * state.loss))
      break;
    state.loss += gain;
  }
  evaluate(state);
}

void RowSolver::solve(ArrayRef<float> weights, int64_t row, QuantizedMatrix &result) {
  for (int64_t i = 0; i < metric.size; ++i)
    target[i] = weights[metric.order[i]];
  State plain, swept, best;
  load(result, row, plain);
  evaluate(plain);
  double limit = undampedLoss(plain);
  bool found = false;
  auto offer = [&](State &state) {
    // Damping counts for the choice, but the loss proper must not be above that of plain quantization.
    if (undampedLoss(state) <= limit && (!found || state.loss < best.loss)) {
      best = state;
      found = true;
    }
  };
  if (options.sweeps) {
    swept = plain;
    sweep(swept);
    offer(swept);
  }
  State compensated;
  if (propagate(compensated, plain)) {
    evaluate(compensated);
    if (options.sweeps)
      sweep(compensated);
    offer(compensated);
  }
  if (found)
    store(best, row, result);
}
