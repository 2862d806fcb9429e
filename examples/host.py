"""Asks for a verdict, then prints what becomes of held comments. Needs grpcio and the modules generated from proto/."""

import os
import sys

import grpc
from gatepost.v1 import moderation_pb2 as pb, moderation_pb2_grpc, types_pb2

server = os.environ.get("GATEPOST_SERVER", "127.0.0.1:50051")
gatepost = moderation_pb2_grpc.ModerationServiceStub(grpc.insecure_channel(server))

comment = types_pb2.Comment(site="blog.example", comment_id="17", body=sys.argv[1])
try:
    verdict = gatepost.CheckComment(pb.CheckCommentRequest(comment=comment), timeout=2).verdict
    print(types_pb2.Decision.Name(verdict.decision), [reason.message for reason in verdict.reasons])
except grpc.RpcError as error:
    print("keep the comment, and send it again later:", error.details())
