#include "fp_seeded.h"

#include "fp_float.h"

#define DOMAIN 0x46504931u /* "FPI1" */
#define NO_BLOCK UINT64_MAX

void fp_philox4x32(uint32_t counter[4], uint32_t key0, uint32_t key1) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)p0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    counter[0] = c0;
    counter[1] = c1;
    counter[2] = c2;
    counter[3] = c3;
}

void fp_seeded_open(fp_seeded *stream, uint64_t seed, uint32_t tensor) {
    stream->key0 = (uint32_t)seed;
    stream->key1 = (uint32_t)(seed >> 32);
    stream->tensor = tensor;
    stream->block = NO_BLOCK;
}

uint32_t fp_seeded_word(fp_seeded *stream, uint64_t index) {
    const uint64_t block = index >> 2;
    if (block != stream->block) {
        stream->block = block;
        stream->words[0] = (uint32_t)block;
        stream->words[1] = (uint32_t)(block >> 32);
        stream->words[2] = stream->tensor;
        stream->words[3] = DOMAIN;
        fp_philox4x32(stream->words, stream->key0, stream->key1);
    }
    return stream->words[index & 3u];
}

float fp_seeded_step(uint32_t fan_in) {
    return fp_sqrt(6.0f / (float)fan_in) * 5.9604644775390625e-8f; /* 2^-24 */
}

float fp_seeded_weight(fp_seeded *stream, uint64_t index, float step) {
    return (float)fp_seeded_odd(fp_seeded_word(stream, index)) * step;
}

float fp_add_energy(float energy, float weight) {
    const float square = weight * weight;
    return energy + square;
}

float fp_survivor_scale(float energy) {
    return energy > 0.0f ? fp_sqrt(2.0f / energy) : 1.0f;
}
