package hotel.engine.access;

import jakarta.servlet.ServletException;
import java.io.IOException;

/** Whether this thread serves a request of the web, and how far the request has come. */
final class WebRequest {

    /** {@code ENTRANCE}: the filters find out who it is. {@code INSIDE}: it has been let in. */
    enum Stage { ENTRANCE, INSIDE }

    interface Service {
        void run() throws IOException, ServletException;
    }

    private static final ThreadLocal<Stage> CURRENT = new ThreadLocal<>();

    private WebRequest() {}

    /** Returns the stage of the request that this thread serves; null if it serves none. */
    static Stage stage() {
        return CURRENT.get();
    }

    static void serve(Service service) throws IOException, ServletException {
        during(Stage.ENTRANCE, service);
    }

    static void letIn(Service service) throws IOException, ServletException {
        during(Stage.INSIDE, service);
    }

    /** A forward is served within the request that it belongs to. */
    private static void during(Stage stage, Service service) throws IOException, ServletException {
        var before = CURRENT.get();
        CURRENT.set(stage);
        try {
            service.run();
        } finally {
            if (before == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(before);
            }
        }
    }
}
