"""A SPIFFE Workload API by stubs and a gRPC stack of other makes; the emulator takes the documents that it hands out,
which are the emulator's own."""

import os
import tempfile
from concurrent import futures

import grpc
from spiffe._proto import workload_pb2 as messages
from spiffe._proto import workload_pb2_grpc as services

from program import accepted, refused
from world import check, end

ENTRY = {"SourceType": "Spiffe"}
TOKEN = os.environ["REAL_ASSERTION"]


class Agent(services.SpiffeWorkloadAPIServicer):
    failure = None

    def FetchJWTSVID(self, request, context):
        if dict(context.invocation_metadata()).get("workload.spiffe.io") != "true":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "security header missing from request")
        if list(request.audience) != ["api://AzureADTokenExchange"]:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"another audience: {list(request.audience)}")
        if self.failure:
            context.abort(*self.failure)
        with open(TOKEN, encoding="utf-8") as file:
            token = file.read().strip()
        ids = [request.spiffe_id] if request.spiffe_id else ["spiffe://example.org/first", "spiffe://example.org/second"]
        return messages.JWTSVIDResponse(svids=[messages.JWTSVID(spiffe_id=one, svid=token, hint="internal") for one in ids])


def main(folder):
    agent = Agent()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    services.add_SpiffeWorkloadAPIServicer_to_server(agent, server)
    socket = f"unix://{folder}/agent.sock"
    server.add_insecure_port(f"unix:{folder}/agent.sock")
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    by_socket, by_port = {"SPIFFE_ENDPOINT_SOCKET": socket}, {"SPIFFE_ENDPOINT_SOCKET": f"tcp://127.0.0.1:{port}"}
    check("a document by a Unix socket", lambda: accepted(ENTRY, by_socket))
    check("a document by a port", lambda: accepted(ENTRY, by_port))
    check("a document of one identity", lambda: accepted({**ENTRY, "SpiffeId": "spiffe://example.org/second"}, by_socket))
    other = {**ENTRY, "TokenExchangeUrl": "api://other"}
    check("what the agent refuses", lambda: refused("another audience", other, by_socket))
    agent.failure = (grpc.StatusCode.PERMISSION_DENIED, "no identity issued")
    check("a workload that nobody registered", lambda: refused("no identity issued", ENTRY, by_socket))
    agent.failure = (grpc.StatusCode.UNAVAILABLE, "starting")
    check("an agent that is not ready", lambda: refused("token-service-unwell", ENTRY, by_socket))
    server.stop(None).wait()
    check("no agent", lambda: refused("token-service-unreachable", ENTRY, {"SPIFFE_ENDPOINT_SOCKET": f"unix://{folder}/none"}))


with tempfile.TemporaryDirectory() as temporary:
    main(temporary)
end()
