import { type Resource, root } from "./resource.ts";

/** DSP0266 §12.2: 202 for as long as the task runs, then the answer of what was asked for. The engine says 202. */
export const taskMonitor: Resource = {
  path: `${root}/TaskService/TaskMonitors/:task`,
  get: ({ memory, ids }) => {
    const task = memory.tasks.get(ids["task"]!);
    if (!task) return undefined;
    const isRunning = task.looks-- > 0;
    if (!isRunning) memory.tasks.delete(task.id);
    return {
      "@odata.id": `${root}/TaskService/Tasks/${task.id}`,
      "@odata.type": "#Task.v1_7_0.Task",
      Id: task.id,
      Name: "Task",
      TaskState: isRunning ? "Running" : "Completed",
      TaskStatus: "OK",
    };
  },
};
