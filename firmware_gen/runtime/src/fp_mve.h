/* Kernels in vectors of 128 bits.
 *
 * Each fp_mve_*.h has what one kernel does innermost, twice: in instructions of Armv8.1-M MVE (Helium), and in C for
 * hosts and for compilers that the instructions' operands are not written for. One loop is one asm statement: GCC 12
 * moves vectors about between intrinsics that overwrite an operand.
 */
#ifndef FP_MVE_H
#define FP_MVE_H

#if !defined(__ARM_FEATURE_MVE) || !defined(__OPTIMIZE__) || defined(__clang__)
#define FP_MVE_INSTRUCTIONS 0
#else
#define FP_MVE_INSTRUCTIONS 1
#endif

#endif
