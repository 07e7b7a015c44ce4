// RUN: quant-opt --halftone-specialize-tokens --split-input-file --verify-diagnostics %s

// expected-error@below {{the module has the attribute 'halftone.model' but no function 'body'}}
module attributes {halftone.model = {}} {
  func.func @main() {
    return
  }
}

// -----

// A declaration is not enough.
// expected-error@below {{the module has the attribute 'halftone.model' but no function 'body'}}
module attributes {halftone.model = {}} {
  func.func private @body(tensor<?xi32>)
}

// -----

module attributes {halftone.model = {}} {
  func.func @body(%x: tensor<?xi32>) {
    return
  }
  // expected-error@below {{the name 'prefill' is taken; a model's 'prefill' is made from its 'body'}}
  func.func @prefill() {
    return
  }
}
