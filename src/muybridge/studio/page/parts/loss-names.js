// What the losses of the methods are called when a person reads of them.

const WORDS = {
  seg: "silhouettes",
  dc: "domain confusion",
  tmp: "smooth in time",
  eq: "equivariance",
  sep: "keypoints apart",
  sill: "keypoints on the subject",
  cover: "whole body covered",
  align: "keypoint sets alike",
  cyc: "there and back",
  cycle: "there and back",
  read: "keypoints found again",
  l1: "colours",
  perceptual: "look",
  multiscale: "colours at several scales",
  ssim: "structure",
  adversarial: "fools the discriminator",
  matching: "features alike",
  equivariance: "equivariance",
  d: "discriminator",
};

/** A loss in words, and as the paper has it. */
export const lossWords = (name) => WORDS[name.split(".").pop().toLowerCase()] ?? name.replaceAll("_", " ");
