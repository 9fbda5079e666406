#ifndef SENSO_SCTP_PACKET_CRC32C_H
#define SENSO_SCTP_PACKET_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * CRC32c (Castagnoli), the checksum of SCTP packets (RFC 9260 appendix A). A running value starts
 * with CRC32C_START, takes any number of extends, and is complemented at the end.
 */
#define CRC32C_START 0xffffffffu

/* The running value after n more bytes; the fastest way this processor has. */
uint32_t crc32c_extend(uint32_t crc, const uint8_t *p, size_t n);

/* The same with tables, eight bytes at a step, on any processor. */
uint32_t crc32c_extend_table(uint32_t crc, const uint8_t *p, size_t n);

/* Whether the processor has CRC32c instructions; crc32c_extend_hw may be called only then. */
bool crc32c_hw_available(void);
uint32_t crc32c_extend_hw(uint32_t crc, const uint8_t *p, size_t n);

#endif
