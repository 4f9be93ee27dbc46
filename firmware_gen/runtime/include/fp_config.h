/* What of the runtime is compiled in: everything. A generated library has its own copy of this file, which leaves out
 * what its models do not need. */
#ifndef FP_CONFIG_H
#define FP_CONFIG_H

#endif
