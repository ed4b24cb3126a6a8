// A worker with Camunda's own JavaScript client. It packs a parcel for as long as the variable `millis` says.
import { setTimeout as wait } from "node:timers/promises";
import { BasicAuthInterceptor, Client, Variables } from "camunda-external-task-client-js";

const environment = (name) => {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set`);
    process.exit(1);
  }
  return value;
};

// The operator finds the pods at work by their worker ids: the id is the pod's name, or begins with it and a colon.
const workerId = environment("WORKER_ID");
const slots = 4;

const client = new Client({
  baseUrl: environment("ENGINE_URL"),
  interceptors: new BasicAuthInterceptor({
    username: environment("ENGINE_USER"),
    password: environment("ENGINE_PASSWORD"),
  }),
  workerId,
  // What is fetched is worked on at once; without the second line the client fetches however much is under way.
  maxTasks: slots,
  maxParallelExecutions: slots,
  // A long poll, short enough that the end does not wait for it for long.
  asyncResponseTimeout: 5_000,
  lockDuration: 60_000,
  autoPoll: false,
});

client.subscribe("pack-parcel", async ({ task, taskService }) => {
  await wait(task.variables.get("millis") ?? 0);
  await taskService.complete(task, new Variables().set("packedBy", workerId));
});
client.on("complete:error", (task, error) => console.error(`task ${task.id} was not completed: ${error}`));
client.on("poll:error", (error) => console.error(`fetching failed: ${error}`));

// The client's stop() ends nothing that is on its way: a long poll may still bring tasks, and tasks run on.
let polling = false;
// With all slots taken it says so too, fetches nothing, and says nothing of an end.
client.on("poll:start", () => (polling = client.activeTasksCount < slots));
client.on("poll:success", () => (polling = false));
client.on("poll:error", () => (polling = false));
process.on("SIGTERM", async () => {
  client.stop();
  do {
    await wait(50);
  } while (polling || client.activeTasksCount > 0);
  process.exit(0);
});

client.start();
