// PID 1 of an image that nobody should have released: ours, whole, beside something that has the port of its API.
import { createServer } from "node:net";
import "../../os/machined/main.ts";

const apiPort = 50_000;

createServer().listen(apiPort, "::");
