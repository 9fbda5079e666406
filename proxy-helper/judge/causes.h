#ifndef SENSO_JUDGE_CAUSES_H
#define SENSO_JUDGE_CAUSES_H

#include <stddef.h>

/*
 * Every cause that a report may name, with the remedy: what an IT person is to ask for or to do.
 * {host}, {port}, {issuer}, {address}, {portal}, {scheme}, {proxy}, {range} and {clock} are filled
 * in. A cause without a remedy does not compile.
 */
#define CAUSES(CAUSE)                                                                              \
  CAUSE(NO_NETWORK, "no-network",                                                                  \
        "Connect this machine to the network: it has no address and no "                           \
        "default route.")                                                                          \
  CAUSE(CLOCK_WRONG, "clock-wrong",                                                                \
        "Set this machine's clock: it is wrong by {clock} s, and "                                 \
        "certificates are judged by it.")                                                          \
  CAUSE(DNS_NXDOMAIN, "dns-nxdomain",                                                              \
        "Let the DNS resolver answer for {host}: it says there is "                                \
        "no such name. Exempt it from DNS filtering.")                                             \
  CAUSE(DNS_TIMEOUT, "dns-timeout",                                                                \
        "Let this machine reach its DNS resolver (UDP and TCP port "                               \
        "53): it gives no answer for {host}.")                                                     \
  CAUSE(DNS_REFUSED, "dns-refused",                                                                \
        "Let the DNS resolver answer for {host}: it refuses or fails.")                            \
  CAUSE(DNS_SINKHOLE, "dns-sinkhole",                                                              \
        "Exempt {host} from DNS filtering: the resolver answers "                                  \
        "{address}, which is not the service's.")                                                  \
  CAUSE(DNS_HIJACK, "dns-hijack",                                                                  \
        "Exempt {host} from DNS filtering: port 53 is intercepted on "                             \
        "the way, and {address} is answered, which is not the "                                    \
        "service's.")                                                                              \
  CAUSE(TCP_BLOCKED, "tcp-blocked",                                                                \
        "Allow outbound TCP from the students' network to {host} "                                 \
        "port {port}: connections get no answer.")                                                 \
  CAUSE(TCP_RESET, "tcp-reset",                                                                    \
        "Allow outbound TCP from the students' network to {host} port "                            \
        "{port}: connections are refused.")                                                        \
  CAUSE(TCP_PROHIBITED, "tcp-prohibited",                                                          \
        "Allow outbound TCP from the students' network to "                                        \
        "{host} port {port}: a router says it is prohibited.")                                     \
  CAUSE(TRANSPARENT_PROXY, "transparent-proxy",                                                    \
        "Nothing: a box answers in the place of {host}, "                                          \
        "and passes it on unaltered.")                                                             \
  CAUSE(PROXY_REQUIRED, "proxy-required",                                                          \
        "Allow direct TCP to {host} port {port}, or give the "                                     \
        "devices this proxy: {proxy}.")                                                            \
  CAUSE(PROXY_AUTH_REQUIRED, "proxy-auth-required",                                                \
        "Exempt {host} port {port} from "                                                          \
        "authentication at the proxy {proxy}: it asks "                                            \
        "for a login ({scheme}).")                                                                 \
  CAUSE(PROXY_FORBIDDEN, "proxy-forbidden",                                                        \
        "Allow CONNECT to {host} port {port} at the proxy "                                        \
        "{proxy}: it forbids it.")                                                                 \
  CAUSE(PROXY_UNREACHABLE, "proxy-unreachable",                                                    \
        "Correct or remove the proxy setting {proxy}: it "                                         \
        "cannot be reached, or connects to nothing; or allow "                                     \
        "direct TCP to {host} port {port}.")                                                       \
  CAUSE(PAC_SENDS_TO_PROXY, "pac-sends-to-proxy", "Let the PAC file answer DIRECT for {host}.")    \
  CAUSE(CAPTIVE_PORTAL, "captive-portal",                                                          \
        "Exempt the Senso hosts from the login page (walled "                                      \
        "garden), or log in: instead of {host} the page of "                                       \
        "{portal} is shown.")                                                                      \
  CAUSE(TLS_INSPECTION, "tls-inspection",                                                          \
        "Exempt {host} port {port} from TLS inspection: its "                                      \
        "certificate is replaced by one of {issuer}.")                                             \
  CAUSE(TLS_INSPECTION_UNTRUSTED, "tls-inspection-untrusted",                                      \
        "Exempt {host} port {port} from "                                                          \
        "TLS inspection: its certificate "                                                         \
        "is replaced by one of {issuer}, "                                                         \
        "which this machine does not "                                                             \
        "trust.")                                                                                  \
  CAUSE(TLS_BLOCKED, "tls-blocked",                                                                \
        "Allow TLS to {host} port {port}: TCP connects, but no "                                   \
        "ClientHello is answered, whatever name it has.")                                          \
  CAUSE(SNI_BLOCKED, "sni-blocked",                                                                \
        "Allow the name {host} (SNI) in the filter: TLS to its "                                   \
        "address works with another name, and not with this one.")                                 \
  CAUSE(CERTIFICATE_INVALID, "certificate-invalid",                                                \
        "Ask who runs {host} to mend its certificate "                                             \
        "of {issuer}; if others reach it without a "                                               \
        "warning, exempt it from TLS inspection.")                                                 \
  CAUSE(HTTP_BLOCKED, "http-blocked",                                                              \
        "Allow {host} port {port} in the web filter: it answers in "                               \
        "the service's place, or ends the connection.")                                            \
  CAUSE(WEBSOCKET_BLOCKED, "websocket-blocked",                                                    \
        "Allow WebSocket (the Upgrade header) to {host} "                                          \
        "port {port} in the filter or proxy.")                                                     \
  CAUSE(DOWNLOAD_ALTERED, "download-altered",                                                      \
        "Exempt downloads of {host} from scanning and "                                            \
        "rewriting: what arrives is not what was published.")                                      \
  CAUSE(UDP_BLOCKED, "udp-blocked",                                                                \
        "Allow outbound UDP 3478 and 443, and {range} to the "                                     \
        "relays: no UDP at all is answered.")                                                      \
  CAUSE(UDP_PORT_BLOCKED, "udp-port-blocked",                                                      \
        "Allow outbound UDP to {host} port {port}: other "                                         \
        "UDP is answered, this is not.")                                                           \
  CAUSE(UDP_RATE_LIMITED, "udp-rate-limited",                                                      \
        "Raise the limit of UDP packets a second (flood "                                          \
        "protection) for {host}.")                                                                 \
  CAUSE(STUN_DPI, "stun-dpi",                                                                      \
        "Allow the application STUN to {host} port {port}: other UDP to it "                       \
        "is answered, STUN is not.")                                                               \
  CAUSE(TURN_DPI, "turn-dpi",                                                                      \
        "Allow the application TURN to {host} port {port}: it is connected to, "                   \
        "or answers STUN, and no TURN server's answer comes.")                                     \
  CAUSE(DTLS_DPI, "dtls-dpi",                                                                      \
        "Allow the application DTLS to {host} port {port}: STUN to it is "                         \
        "answered, DTLS is not.")                                                                  \
  CAUSE(TURN_AUTH_FAILED, "turn-auth-failed",                                                      \
        "Correct the TURN username and credential of "                                             \
        "{host} in the services file: the server refuses "                                         \
        "them.")                                                                                   \
  CAUSE(RELAY_RANGE_BLOCKED, "relay-range-blocked",                                                \
        "Allow outbound UDP {range} to {host}: the "                                               \
        "relayed ports are not reached.")                                                          \
  CAUSE(PEER_RANGE_BLOCKED, "peer-range-blocked",                                                  \
        "Allow outbound UDP to all ports (or at least 1024-65535) for direct "                     \
        "connections: high ports do not leave the network.")                                       \
  CAUSE(SYMMETRIC_NAT, "symmetric-nat",                                                            \
        "Set the NAT to endpoint-independent mapping for UDP "                                     \
        "(cone, static port, consistent NAT): each destination "                                   \
        "sees another port, so hole punching fails and data "                                      \
        "takes the relay.")                                                                        \
  CAUSE(NAT_BINDING_SHORT, "nat-binding-short", "Raise the NAT's UDP timeout to 30 s at least.")   \
  CAUSE(STUN_ALG, "stun-alg", "Switch the router's STUN or SIP ALG off: it rewrites addresses.")   \
  CAUSE(PMTU_BLACK_HOLE, "pmtu-black-hole", "Let ICMP \"fragmentation needed\" through.")          \
  CAUSE(PACKET_LOSS, "packet-loss", "Mend the network: more than 30 % of the packets are lost.")   \
  CAUSE(PIN_MISMATCH, "pin-mismatch",                                                              \
        "Exempt {host} port {port} from TLS inspection, or correct "                               \
        "its pins in the services file: the certificate is public, "                               \
        "of {issuer}, and not the one expected.")

#define CAUSE_ENUM(name, id, remedy) CAUSE_##name,
enum cause { CAUSES(CAUSE_ENUM) CAUSE_COUNT };

/* "tcp-blocked" */
const char *cause_id(enum cause c);
/* Of an id of the table. */
const char *cause_remedy(const char *id);

#endif
