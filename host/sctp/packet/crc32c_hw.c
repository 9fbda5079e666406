/* The one file of the library that knows processors: CRC32c instructions of x86 (SSE 4.2) and
 * ARMv8. */
#include "sctp/packet/crc32c.h"

#include <string.h>

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <wmmintrin.h>

/*
 * The instruction takes three cycles but starts every cycle: three lanes run side by side and are
 * joined by carry-less multiplication with x^(8 n - 33) mod P, bits reflected, for n bytes of
 * shift.
 */
#define LANE      128u
#define SHIFT_ONE 0x0d3b6092 /* n = LANE */
#define SHIFT_TWO 0xb9e02b86 /* n = 2 LANE */
#define HW_TARGET __attribute__((target("sse4.2,pclmul")))

bool crc32c_hw_available(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

HW_TARGET static uint64_t word_at(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* The CRC as it is after the lane's shift of zero bytes. */
HW_TARGET static uint32_t shift(uint64_t crc, long long by) {
  __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128(by), 0);
  return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

HW_TARGET static uint32_t three_lanes(uint32_t crc, const uint8_t *p) {
  uint64_t a = crc, b = 0, c = 0;
  for (size_t i = 0; i < LANE; i += 8) {
    a = _mm_crc32_u64(a, word_at(p + i));
    b = _mm_crc32_u64(b, word_at(p + LANE + i));
    c = _mm_crc32_u64(c, word_at(p + (size_t)2 * LANE + i));
  }
  return shift(a, SHIFT_TWO) ^ shift(b, SHIFT_ONE) ^ (uint32_t)c;
}

HW_TARGET uint32_t crc32c_extend_hw(uint32_t crc, const uint8_t *p, size_t n) {
  for (; n >= (size_t)3 * LANE; n -= (size_t)3 * LANE, p += (size_t)3 * LANE)
    crc = three_lanes(crc, p);
  uint64_t wide = crc;
  for (; n >= 8; n -= 8, p += 8) wide = _mm_crc32_u64(wide, word_at(p));
  crc = (uint32_t)wide;
  for (; n > 0; n--, p++) crc = _mm_crc32_u8(crc, *p);
  return crc;
}

#elif defined(__aarch64__) && defined(__linux__)

#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

bool crc32c_hw_available(void) {
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

__attribute__((target("+crc"))) uint32_t crc32c_extend_hw(uint32_t crc, const uint8_t *p,
                                                          size_t n) {
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    crc = __crc32cd(crc, v);
  }
  for (; n > 0; n--, p++) crc = __crc32cb(crc, *p);
  return crc;
}

#else

bool crc32c_hw_available(void) {
  return false;
}

uint32_t crc32c_extend_hw(uint32_t crc, const uint8_t *p, size_t n) {
  return crc32c_extend_table(crc, p, n);
}

#endif
