/* Initial weights as a function of (seed, tensor, index), bit for bit as docs/seeded-init.md defines them. */
#ifndef FP_SEEDED_H
#define FP_SEEDED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* J. K. Salmon et al., SC 2011: ten rounds on the counter's words, in place. */
void fp_philox4x32(uint32_t counter[4], uint32_t key0, uint32_t key1);

/* One tensor's random words; the block of four that was used last is kept, so neighbours cost one Philox. */
typedef struct fp_seeded {
    uint32_t key0;
    uint32_t key1;
    uint32_t tensor;
    uint64_t block; /* index div 4 of `words` */
    uint32_t words[4];
} fp_seeded;

void fp_seeded_open(fp_seeded *stream, uint64_t seed, uint32_t tensor);

/* The random word of an element. */
uint32_t fp_seeded_word(fp_seeded *stream, uint64_t index);

/* The word as an odd number, -(2^24 - 1) to 2^24 - 1. */
static inline int32_t fp_seeded_odd(uint32_t word) {
    return 2 * (int32_t)(word >> 8) - 16777215;
}

/* The weight that the odd number 1 stands for; fan_in 1 to 2^24. */
float fp_seeded_step(uint32_t fan_in);

/* The initial weight of an element. */
float fp_seeded_weight(fp_seeded *stream, uint64_t index, float step);

/* A unit's energy with one more weight, and the factor for its survivors. */
float fp_add_energy(float energy, float weight);
float fp_survivor_scale(float energy);

#ifdef __cplusplus
}
#endif
#endif
