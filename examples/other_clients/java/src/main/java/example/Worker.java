package example;

import java.util.Map;
import org.camunda.bpm.client.ExternalTaskClient;
import org.camunda.bpm.client.interceptor.auth.BasicAuthProvider;
import org.camunda.bpm.client.task.ExternalTask;
import org.camunda.bpm.client.task.ExternalTaskService;

/** A worker with Camunda's own Java client. It packs a parcel for as long as the variable {@code millis} says. */
public class Worker {

    // The operator finds the pods at work by their worker ids: the id is the pod's name, or begins with it and a colon.
    private static final String ID = environment("WORKER_ID");

    public static void main(String[] arguments) throws InterruptedException {
        var client = ExternalTaskClient.create()
                .baseUrl(environment("ENGINE_URL"))
                .addInterceptor(new BasicAuthProvider(environment("ENGINE_USER"), environment("ENGINE_PASSWORD")))
                .workerId(ID)
                // The client works on its tasks one after the other: what it fetches beyond one waits, locked.
                .maxTasks(1)
                // A long poll, short enough that the end does not wait for it for long.
                .asyncResponseTimeout(5_000)
                .lockDuration(60_000)
                .build();
        client.subscribe("pack-parcel").handler(Worker::pack).open();
        // At SIGTERM. It returns when the task that is under way has ended, and what the last poll brought.
        Runtime.getRuntime().addShutdownHook(new Thread(client::stop));
        Thread.currentThread().join();
    }

    private static void pack(ExternalTask task, ExternalTaskService service) {
        try {
            Number millis = task.getVariable("millis");
            Thread.sleep(millis == null ? 0 : millis.longValue());
            service.complete(task, Map.of("packedBy", ID));
        } catch (InterruptedException end) {
            service.unlock(task);
            Thread.currentThread().interrupt();
        }
    }

    private static String environment(String name) {
        var value = System.getenv(name);
        if (value == null || value.isBlank()) {
            System.err.println(name + " is not set");
            System.exit(1);
        }
        return value;
    }
}
