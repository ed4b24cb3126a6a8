package hotel.engine.access;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Answers a refused request as the REST API answers a faulty one. */
final class Refusal {

    private Refusal() {}

    static void send(HttpServletResponse response, int status, String message) throws IOException {
        response.reset();
        response.setStatus(status);
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Content-Type-Options", "nosniff");
        var text = new String(JsonStringEncoder.getInstance().quoteAsString(message));
        response.getWriter().write("{\"type\":\"RefusedRequest\",\"message\":\"" + text + "\"}");
    }
}
