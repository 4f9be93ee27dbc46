#include "fp_plane.h"

#include <stddef.h>
#include <string.h>

#include "fp_mve_move.h"

fp_status fp_plane_check(const fp_plane *plane) {
    if (plane == NULL || plane->channels == 0 || plane->height == 0 || plane->width == 0 ||
        plane->row_pitch < plane->width) {
        return FP_ERR_ARGUMENT;
    }
    /* Two 16-bit factors and a 16-bit summand: no 32-bit overflow. */
    const uint32_t extent = (uint32_t)(plane->height - 1u) * plane->row_pitch + plane->width;
    const uint64_t last_channel = (uint64_t)(plane->channels - 1u) * plane->channel_pitch;
    if ((plane->channels > 1 && plane->channel_pitch < extent) ||
        plane->origin + last_channel + extent > plane->bytes) {
        return FP_ERR_ARGUMENT;
    }
    return FP_OK;
}

void fp_plane_fill_halo(const fp_plane *plane, int8_t *data) {
    const uint32_t elements = (uint32_t)plane->channels * plane->height * plane->width;
    if (plane->bytes == elements) {
        return;
    }
    const uint32_t row_end = (uint32_t)(plane->height - 1u) * plane->row_pitch + plane->width;
    int8_t *channel = data + plane->origin;
    fp_mve_fill(data, plane->zero_point, plane->origin);
    for (uint32_t c = 0; c < plane->channels; c++) {
        /* The gaps between rows are a byte or two: column by column is cheaper than a call for each. */
        for (uint32_t x = plane->width; x < plane->row_pitch; x++) {
            for (uint32_t at = x; at < row_end; at += plane->row_pitch) {
                channel[at] = plane->zero_point;
            }
        }
        int8_t *const next = c + 1u < plane->channels ? channel + plane->channel_pitch : data + plane->bytes;
        fp_mve_fill(channel + row_end, plane->zero_point, (uint32_t)(next - channel) - row_end);
        channel = next;
    }
}

/* Both copies walk the NHWC side byte by byte and find the planar element. */
fp_status fp_plane_from_nhwc(const fp_plane *plane, const int8_t *nhwc, int8_t *data) {
    if (nhwc == NULL || data == NULL || fp_plane_check(plane) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    for (uint32_t y = 0; y < plane->height; y++) {
        for (uint32_t x = 0; x < plane->width; x++) {
            int8_t *element = data + plane->origin + y * plane->row_pitch + x;
            for (uint32_t c = 0; c < plane->channels; c++) {
                element[(size_t)c * plane->channel_pitch] = *nhwc++;
            }
        }
    }
    fp_plane_fill_halo(plane, data);
    return FP_OK;
}

fp_status fp_plane_to_nhwc(const fp_plane *plane, const int8_t *data, int8_t *nhwc) {
    if (nhwc == NULL || data == NULL || fp_plane_check(plane) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    for (uint32_t y = 0; y < plane->height; y++) {
        for (uint32_t x = 0; x < plane->width; x++) {
            const int8_t *element = data + plane->origin + y * plane->row_pitch + x;
            for (uint32_t c = 0; c < plane->channels; c++) {
                *nhwc++ = element[(size_t)c * plane->channel_pitch];
            }
        }
    }
    return FP_OK;
}
