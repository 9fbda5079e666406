"""Signalling between two connections, candidate by candidate."""

import threading


class Courier:
    """Carries one side's candidates to the other, from the moment that has the description they belong to."""

    def __init__(self, source, target):
        self.target = target
        self.lock = threading.Lock()
        self.held = []
        self.open = False
        self.turn = lambda candidate: candidate  # what the other side gets in its place; None: nothing
        with source.agent.changed:
            source.on_candidate = self.give
            self.held.extend(source.candidates)

    def give(self, candidate):
        with self.lock:
            if self.open:
                self.post(candidate)
            else:
                self.held.append(candidate)

    def release(self):
        with self.lock:
            self.open = True
            for candidate in self.held:
                self.post(candidate)
            self.held.clear()

    def hold(self):
        with self.lock:
            self.open = False

    def post(self, candidate):
        candidate = candidate and self.turn(candidate)
        if candidate is not None and not self.target.closed:
            self.target.agent.post("addCandidate", peer=self.target.id, candidate=candidate)


class Pair:
    """Two connections; `offerer` makes every first offer."""

    def __init__(self, offerer, answerer):
        self.offerer, self.answerer = offerer, answerer
        self.couriers = {
            offerer: Courier(offerer, answerer),
            answerer: Courier(answerer, offerer),
        }

    def negotiate(self, by=None, change=lambda offer: offer, **offer_options):
        """One round of offer and answer; the offerer's unless `by` says otherwise. The answerer gets change(offer)."""
        offerer = by or self.offerer
        answerer = self.answerer if offerer is self.offerer else self.offerer
        for courier in self.couriers.values():
            courier.hold()
        offer = offerer.call("createOffer", **offer_options)
        offer = offerer.call("setLocal", description=offer)
        answerer.call("setRemote", description=change(offer))
        self.couriers[offerer].release()
        answer = answerer.call("createAnswer")
        answer = answerer.call("setLocal", description=answer)
        offerer.call("setRemote", description=answer)
        self.couriers[answerer].release()
        return offer, answer

    def other(self, connection):
        return self.answerer if connection is self.offerer else self.offerer

    def channel(self, label, by=None, **init):
        """An open channel and its other end."""
        maker = by or self.offerer
        near = maker.create_channel(label, **init)
        far = self.other(maker).wait_incoming(label)
        return near.wait_open(), far.wait_open()

    def close(self):
        for connection in (self.offerer, self.answerer):
            if connection.agent.ended is None:
                connection.close()


def connect(offering, answering, label="first", **negotiation):
    """A connected pair of the two agents, with one open channel."""
    pair = Pair(offering.create(), answering.create())
    pair.first = pair.offerer.create_channel(label)
    pair.descriptions = pair.negotiate(**negotiation)
    pair.first.wait_open(20)
    pair.first_far = pair.answerer.wait_incoming(label).wait_open()
    return pair
