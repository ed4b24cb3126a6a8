package hotel.engine.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Supplier;
import org.operaton.bpm.engine.ProcessEngine;

/**
 * Lets nothing through without a user but the open paths.
 *
 * <p>It comes after the filters that authenticate: basic credentials or a session have made the user known to the
 * engine by then, and whatever else they let pass ends here.
 */
class AccessFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;

    private final transient OpenPaths open;
    private final transient Supplier<ProcessEngine> engine;

    AccessFilter(OpenPaths open, Supplier<ProcessEngine> engine) {
        this.open = open;
        this.engine = engine;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (open.contain(request) && open.isLogin(request)) {
            chain.doFilter(request, response);
        } else if (open.contain(request) || hasUser()) {
            WebRequest.letIn(() -> chain.doFilter(request, response));
        } else {
            Refusal.send(response, HttpServletResponse.SC_UNAUTHORIZED,
                    "There is no user: log in, or send credentials of a user of this engine");
        }
    }

    private boolean hasUser() {
        var authentication = engine.get().getIdentityService().getCurrentAuthentication();
        return authentication != null && authentication.getUserId() != null && !authentication.getUserId().isEmpty();
    }
}
