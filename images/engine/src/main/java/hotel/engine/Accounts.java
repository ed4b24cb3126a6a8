package hotel.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The users that the environment asks for: {@code ENGINE_<ROLE>_USER} and {@code ENGINE_<ROLE>_PASSWORD}. */
record Accounts(List<Account> all) {

    record Account(Role role, String user, String password) {}

    /** Reads the environment itself: a password may hold what would be a placeholder in a property. */
    static Accounts of(Map<String, String> environment) {
        var accounts = new ArrayList<Account>();
        for (var role : Role.values()) {
            var password = environment.getOrDefault("ENGINE_" + role + "_PASSWORD", "");
            var user = environment.getOrDefault("ENGINE_" + role + "_USER", "");
            if (!password.isBlank()) {
                accounts.add(new Account(role, user.isBlank() ? role.id() : user, password));
            } else if (role == Role.ADMIN) {
                throw new SetupException("ENGINE_ADMIN_PASSWORD is not set: choose the password of the engine's "
                        + "administrator and set it in the environment (there is no default)");
            }
        }
        if (accounts.stream().map(Account::user).distinct().count() < accounts.size()) {
            throw new SetupException("Two of the engine's users have the same name: set ENGINE_ADMIN_USER, "
                    + "ENGINE_DEPLOYER_USER, ENGINE_WORKER_USER, ENGINE_SCALER_USER and ENGINE_CLIENT_USER apart");
        }
        return new Accounts(List.copyOf(accounts));
    }

    Optional<Account> of(Role role) {
        return all.stream().filter(account -> account.role() == role).findFirst();
    }
}
