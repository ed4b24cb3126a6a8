package hotel.engine.speed;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Lets requests look services up in memory. */
class ServiceFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;

    private transient volatile ServiceFiles files;

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        var thread = Thread.currentThread();
        var before = thread.getContextClassLoader();
        thread.setContextClassLoader(above(before));
        try {
            chain.doFilter(request, response);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private ClassLoader above(ClassLoader parent) {
        var known = files;
        if (known == null || known.getParent() != parent) {
            known = new ServiceFiles(parent);
            files = known;
        }
        return known;
    }
}
