package hotel.engine.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Refuses ambiguous paths before any other filter sees them, and marks the thread as one that serves a request. */
public class PathFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        var fault = RequestPath.fault(request.getRequestURI());
        if (fault.isPresent()) {
            Refusal.send(response, HttpServletResponse.SC_BAD_REQUEST, "This path is refused: " + fault.get()
                    + ". Write names and ids in a path percent-encoded as UTF-8, without / \\ ; % and control characters");
            return;
        }
        WebRequest.serve(() -> chain.doFilter(request, response));
    }
}
