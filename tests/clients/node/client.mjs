// Makes one call and prints what came of it as JSON.
//
//   node client.mjs ADDRESS PROTOS INCLUDES SERVICE METHOD REQUEST    with the token in TOKEN
//
// PROTOS is the folder of tenantry's protos, INCLUDES the one that holds google/rpc/*.proto.
import path from "node:path";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, protos, includes, serviceName, method, request] = process.argv.slice(2);
const options = {
  keepCase: true,
  longs: String,
  enums: String,
  oneofs: true,
  defaults: false,
  includeDirs: [protos, includes],
};
const files = ["organizations", "catalog", "credits"].map((domain) => path.join("tenantry", "v1", `${domain}.proto`));
const { tenantry } = grpc.loadPackageDefinition(loader.loadSync(files, options));
const rpc = loader.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], options);

function details(error) {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!bytes) return null;
  return rpc["google.rpc.Status"].deserialize(bytes).details.map(({ type_url, value }) => {
    const type = type_url.split("/").pop();
    return { type, ...rpc[type].deserialize(value) };
  });
}

const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${process.env.TOKEN}`);
const client = new tenantry.v1[serviceName](address, grpc.credentials.createInsecure());
client[method](JSON.parse(request), metadata, { deadline: Date.now() + 10_000 }, (error, response) => {
  const outcome = error
    ? { code: grpc.status[error.code], message: error.details, details: details(error) }
    : { response };
  console.log(JSON.stringify(outcome));
  client.close();
});
