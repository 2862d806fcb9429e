// Asks for a verdict. Needs google.golang.org/grpc and the package generated from proto/.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	pb "gatepost/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	connection, err := grpc.NewClient("127.0.0.1:50051", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	comment := &pb.Comment{Site: "blog.example", CommentId: "17", Body: os.Args[1]}
	answer, err := pb.NewModerationServiceClient(connection).CheckComment(ctx, &pb.CheckCommentRequest{Comment: comment})
	if err != nil {
		fmt.Println("keep the comment, and send it again later:", err)
		return
	}
	fmt.Println(answer.Verdict.Decision, answer.Verdict.Reasons)
}
