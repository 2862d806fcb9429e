// Asks for a verdict. Needs: npm install @grpc/grpc-js @grpc/proto-loader
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const definition = loader.loadSync('gatepost/v1/moderation.proto', { includeDirs: ['proto'], keepCase: true, enums: String });
const { gatepost } = grpc.loadPackageDefinition(definition);
const server = process.env.GATEPOST_SERVER ?? '127.0.0.1:50051';
const client = new gatepost.v1.ModerationService(server, grpc.credentials.createInsecure());

const comment = { site: 'blog.example', comment_id: '17', body: process.argv[2] };
client.checkComment({ comment }, { deadline: Date.now() + 2000 }, (error, answer) => {
  if (error) console.log('keep the comment, and send it again later:', error.details);
  else console.log(answer.verdict.decision, answer.verdict.reasons.map((reason) => reason.message));
});
