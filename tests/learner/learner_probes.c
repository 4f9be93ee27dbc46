/* What tests need to know of a learner beyond its interface. */
#include "fp_learner.h"
#include "fp_learner_state.h"

uint32_t learner_bytes(void);
const float *learner_velocity(const fp_learner *learner);

uint32_t learner_bytes(void) {
    return (uint32_t)sizeof(fp_learner);
}

const float *learner_velocity(const fp_learner *learner) {
    return fp_velocity_at(learner);
}
